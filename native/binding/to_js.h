#pragma once

#include <napi.h>

#include "clone/child_starter.h"
#include "watch/child_exit.h"
#include "watch/meters.h"

namespace memcage {

/** The contract's CloneFailure. */
Napi::Object ToJs(Napi::Env env, const CloneFailure& failure);

/** The members of the contract's ChildExit. */
void SetExit(Napi::Object object, const ChildExit& exit);

/** The members that the contract's MeterReading and the event of a meter share. */
void SetReading(Napi::Object object, const Meters::Reading& reading);

}  // namespace memcage

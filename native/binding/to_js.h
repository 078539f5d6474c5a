#pragma once

#include <napi.h>

#include "clone/child_starter.h"
#include "watch/child_exit.h"

namespace memcage {

/** The contract's CloneFailure. */
Napi::Object ToJs(Napi::Env env, const CloneFailure& failure);

/** The members of the contract's ChildExit. */
void SetExit(Napi::Object object, const ChildExit& exit);

}  // namespace memcage

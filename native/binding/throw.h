#pragma once

#include <napi.h>

#include <string>

#include "sys/errors.h"

namespace memcage {

/** As the contract's NativeError. */
void ThrowSystemError(Napi::Env env, const SystemError& error);

/** An error of ours with a stable code. */
void ThrowCoded(Napi::Env env, const char* code, const std::string& message);
void ThrowInvalidArgument(Napi::Env env, const std::string& message);

}  // namespace memcage

#pragma once

#include <napi.h>

#include <string>

#include "sys/errors.h"

namespace memcage {

/** The contract's NativeError. */
Napi::Error MakeSystemError(Napi::Env env, const Refusal& refused);
/** Throws it. */
void ThrowSystemError(Napi::Env env, const Refusal& refused);

/** Throws an error of memcage's with a stable code. */
void ThrowCoded(Napi::Env env, const char* code, const std::string& message);
void ThrowInvalidArgument(Napi::Env env, const std::string& message);

}  // namespace memcage

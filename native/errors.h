#pragma once

#include <napi.h>

#include <string>

namespace memcage {

/** What a refused system call says: thrown as the contract's NativeError. */
struct SystemError {
  /** Negative errno. */
  int error = 0;
  const char* syscall = "";
  std::string path;
};

/** Symbolic name of an errno, for example "EACCES". */
const char* ErrnoName(int positive_errno);

void ThrowSystemError(Napi::Env env, const SystemError& error);

/** An error of ours with a stable code; `type_error` makes it a TypeError. */
void ThrowCoded(Napi::Env env, const char* code, const std::string& message);
void ThrowInvalidArgument(Napi::Env env, const std::string& message);

}  // namespace memcage

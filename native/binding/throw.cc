#include "binding/throw.h"

#include <climits>
#include <cstring>

namespace memcage {

Napi::Error MakeSystemError(Napi::Env env, const SystemError& error) {
  const char* name = ErrnoName(-error.error);
  std::string message = std::string(name) + ": " + strerror(-error.error) + ", " + error.syscall;
  // A path may be as long as a string can be, and the message would be longer.
  const std::string path = error.path.substr(0, PATH_MAX);
  if (!path.empty()) message += " '" + path + "'";
  Napi::Error made = Napi::Error::New(env, message);
  made.Set("code", Napi::String::New(env, name));
  made.Set("errno", Napi::Number::New(env, error.error));
  made.Set("syscall", Napi::String::New(env, error.syscall));
  if (!path.empty()) made.Set("path", Napi::String::New(env, path));
  return made;
}

void ThrowSystemError(Napi::Env env, const SystemError& error) {
  MakeSystemError(env, error).ThrowAsJavaScriptException();
}

void ThrowCoded(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("code", Napi::String::New(env, code));
  thrown.ThrowAsJavaScriptException();
}

void ThrowInvalidArgument(Napi::Env env, const std::string& message) {
  Napi::TypeError thrown = Napi::TypeError::New(env, message);
  thrown.Set("code", Napi::String::New(env, "ERR_MEMCAGE_INVALID_ARGUMENT"));
  thrown.ThrowAsJavaScriptException();
}

}  // namespace memcage

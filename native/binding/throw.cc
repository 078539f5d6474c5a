#include "binding/throw.h"

#include <climits>
#include <cstring>

namespace memcage {

Napi::Error MakeSystemError(Napi::Env env, const Refusal& refused) {
  const char* name = ErrnoName(-refused.error);
  std::string message = std::string(name) + ": " + strerror(-refused.error) + ", " + refused.syscall;
  // A path may be as long as a string can be, and the message would be longer.
  const std::string path = refused.path.substr(0, PATH_MAX);
  if (!path.empty()) message += " '" + path + "'";
  Napi::Error made = Napi::Error::New(env, message);
  made.Set("code", Napi::String::New(env, name));
  made.Set("errno", Napi::Number::New(env, refused.error));
  made.Set("syscall", Napi::String::New(env, refused.syscall));
  if (!path.empty()) made.Set("path", Napi::String::New(env, path));
  return made;
}

void ThrowSystemError(Napi::Env env, const Refusal& refused) {
  MakeSystemError(env, refused).ThrowAsJavaScriptException();
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

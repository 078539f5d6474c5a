#include <string>
#include <vector>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/throw.h"
#include "sys/become_program.h"
#include "sys/pointers.h"

namespace memcage {
namespace {

void Execve(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const std::string file = options.String("file");
  std::vector<std::string> args = options.Strings("args");
  std::vector<std::string> env = options.Strings("env");
  if (!options.ok()) return;
  const int error = sys::BecomeProgram(file.c_str(), sys::Pointers(args).data(), sys::Pointers(env).data());
  ThrowSystemError(info.Env(), {error, "execve", file});
}

}  // namespace

void RegisterExec(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("execve", Napi::Function::New(env, Execve, "execve"));
}

}  // namespace memcage

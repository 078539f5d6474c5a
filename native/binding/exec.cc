#include <string>
#include <vector>

#include "binding/bindings.h"
#include "binding/function.h"
#include "sys/become_program.h"
#include "sys/pointers.h"

namespace memcage {
namespace {

Expected<> Execve(const std::string& file, std::vector<std::string>& args, std::vector<std::string>& env) {
  const int error = sys::BecomeProgram(file.c_str(), sys::Pointers(args).data(), sys::Pointers(env).data());
  return Refusal{error, "execve", file};
}

}  // namespace

void RegisterExec(Napi::Object exports) { Add<Execve, "file", "args", "env">(exports, "execve"); }

}  // namespace memcage

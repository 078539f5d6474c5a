#include "binding/bindings.h"
#include "binding/function.h"
#include "binding/instance.h"
#include "sys/become_program.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

Expected<UniqueFd> PidfdOpen(int pid) {
  const sys::Result fd = sys::PidfdOpen(pid);
  if (fd < 0) return Refusal{fd.as_int(), "pidfd_open"};
  return UniqueFd(fd);
}

Expected<> PidfdSendSignal(int pidfd, int signal) {
  const sys::Result sent = sys::PidfdSendSignal(pidfd, signal);
  if (sent < 0) return Refusal{sent.as_int(), "pidfd_send_signal"};
  return {};
}

Expected<> Reap(Napi::Env env, int pidfd) {
  siginfo_t status{};
  const sys::Result reaped = sys::WaitPidfd(pidfd, &status, WEXITED, nullptr);
  if (reaped < 0) return Refusal{reaped.as_int(), "waitid"};
  Instance::Of(env).watcher.Unwatch(pidfd);
  return {};
}

/** Returns only if this process has not become the program. */
Expected<> Execve(Napi::Env env, const char* file, char* const* args, char* const* variables) {
  // With it, the program would share its working directory, and get no rights by exec: see LSM_UNSAFE_SHARE in the
  // kernel.
  Instance::Of(env).starter.End();
  return Refusal{sys::BecomeProgram(file, args, variables), "execve", file};
}

}  // namespace

void RegisterProcess(Napi::Object exports) {
  Add<PidfdOpen, "pid">(exports, "pidfdOpen");
  Add<PidfdSendSignal, "pidfd", "signal">(exports, "pidfdSendSignal");
  Add<Reap, "pidfd">(exports, "reap");
  Add<Execve, "file", "args", "env">(exports, "execve");
}

}  // namespace memcage

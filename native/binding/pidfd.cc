#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/throw.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

Napi::Value PidfdOpen(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int pid = options.Int("pid");
  if (!options.ok()) return info.Env().Undefined();
  const int fd = sys::PidfdOpen(pid).as_int();
  if (fd < 0) {
    ThrowSystemError(info.Env(), {fd, "pidfd_open", {}});
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), Instance::Of(info.Env()).HandOut(UniqueFd(fd)));
}

void PidfdSendSignal(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int pidfd = options.Int("pidfd");
  const int signal = options.Int("signal");
  if (!options.ok()) return;
  const int error = sys::PidfdSendSignal(pidfd, signal).as_int();
  if (error < 0) ThrowSystemError(info.Env(), {error, "pidfd_send_signal", {}});
}

void Reap(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int pidfd = options.Int("pidfd");
  if (!options.ok()) return;
  siginfo_t status{};
  const int error = sys::WaitPidfd(pidfd, &status, WEXITED, nullptr).as_int();
  if (error < 0) return ThrowSystemError(info.Env(), {error, "waitid", {}});
  Instance::Of(info.Env()).watcher.Unwatch(pidfd);
}

}  // namespace

void RegisterPidfd(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("pidfdOpen", Napi::Function::New(env, PidfdOpen, "pidfdOpen"));
  exports.Set("pidfdSendSignal", Napi::Function::New(env, PidfdSendSignal, "pidfdSendSignal"));
  exports.Set("reap", Napi::Function::New(env, Reap, "reap"));
}

}  // namespace memcage

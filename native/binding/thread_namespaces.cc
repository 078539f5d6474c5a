#include <sched.h>
#include <sys/ioctl.h>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/throw.h"
#include "sys/syscalls.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
// ioctl_ns(2), Linux 4.11.
#ifndef NS_GET_NSTYPE
#define NS_GET_NSTYPE _IO(0xb7, 0x3)
#endif

namespace memcage {
namespace {

// What a Node thread can't survive. NEWPID and NEWTIME: after that pthread_create fails with EINVAL, and libuv aborts.
// NEWUSER: the kernel requires a single thread. NEWNS and FS: synchronous and asynchronous fs calls would see different
// trees or working directories. FILES: the thread pool and this thread would have different fds.
constexpr uint32_t kUnsafe = CLONE_NEWPID | CLONE_NEWTIME | CLONE_NEWUSER | CLONE_NEWNS | CLONE_FS | CLONE_FILES;

bool Refuse(Napi::Env env, uint32_t flags) {
  if ((flags & kUnsafe) == 0) return false;
  ThrowCoded(env, "ERR_MEMCAGE_UNSAFE_THREAD",
             "This would break the Node thread that calls it: give the namespaces to spawn() instead");
  return true;
}

void Unshare(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const uint32_t flags = options.Uint("flags");
  if (!options.ok() || Refuse(info.Env(), flags)) return;
  if (unshare(static_cast<int>(flags)) < 0) {
    ThrowSystemError(info.Env(), {sys::NegativeErrno(), "unshare", {}});
  }
}

void SetNs(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  const uint32_t flags = options.Uint("flags");
  if (!options.ok()) return;
  uint32_t kinds = flags;
  if (flags == 0) {
    const int kind = ioctl(fd, NS_GET_NSTYPE);
    if (kind < 0) return ThrowSystemError(info.Env(), {sys::NegativeErrno(), "setns", {}});
    kinds = static_cast<uint32_t>(kind);
  }
  if (Refuse(info.Env(), kinds)) return;
  if (setns(fd, static_cast<int>(flags)) < 0) ThrowSystemError(info.Env(), {sys::NegativeErrno(), "setns", {}});
}

}  // namespace

void RegisterThreadNamespaces(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("unshare", Napi::Function::New(env, Unshare, "unshare"));
  exports.Set("setns", Napi::Function::New(env, SetNs, "setns"));
}

}  // namespace memcage

#include <sched.h>
#include <sys/ioctl.h>

#include "binding/bindings.h"
#include "binding/function.h"
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

bool IsUnsafe(Napi::Env env, uint32_t flags) {
  if ((flags & kUnsafe) == 0) return false;
  ThrowCoded(env, "ERR_MEMCAGE_UNSAFE_THREAD",
             "This would break the Node thread that calls it: give the namespaces to spawn() instead");
  return true;
}

Expected<> Unshare(Napi::Env env, uint32_t flags) {
  if (!IsUnsafe(env, flags) && unshare(static_cast<int>(flags)) < 0) return Refusal{sys::NegativeErrno(), "unshare"};
  return {};
}

Expected<> SetNs(Napi::Env env, int fd, uint32_t flags) {
  uint32_t kinds = flags;
  if (flags == 0) {
    const int kind = ioctl(fd, NS_GET_NSTYPE);
    if (kind < 0) return Refusal{sys::NegativeErrno(), "setns"};
    kinds = static_cast<uint32_t>(kind);
  }
  if (!IsUnsafe(env, kinds) && setns(fd, static_cast<int>(flags)) < 0) return Refusal{sys::NegativeErrno(), "setns"};
  return {};
}

}  // namespace

void RegisterThreadNamespaces(Napi::Object exports) {
  Add<Unshare, "flags">(exports, "unshare");
  Add<SetNs, "fd", "flags">(exports, "setns");
}

}  // namespace memcage

#pragma once

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage::sys {

// All that memcage makes by number: whoever is told of a refusal is told which it was.
#define MEMCAGE_CALLS(X) \
  X(capget)              \
  X(capset)              \
  X(chdir)               \
  X(clone)               \
  X(clone3)              \
  X(close)               \
  X(close_range)         \
  X(dup3)                \
  X(execve)              \
  X(execveat)            \
  X(exit_group)          \
  X(faccessat2)          \
  X(fchdir)              \
  X(fcntl)               \
  X(fsconfig)            \
  X(fsmount)             \
  X(fsopen)              \
  X(fstat)               \
  X(getdents64)          \
  X(getpgid)             \
  X(getsid)              \
  X(gettid)              \
  X(ioctl)               \
  X(ioprio_get)          \
  X(keyctl)              \
  X(memfd_create)        \
  X(mkdirat)             \
  X(mknodat)             \
  X(mmap)                \
  X(mount)               \
  X(mount_setattr)       \
  X(move_mount)          \
  X(newfstatat)          \
  X(open_tree)           \
  X(openat)              \
  X(openat2)             \
  X(personality)         \
  X(pidfd_open)          \
  X(pidfd_send_signal)   \
  X(pipe2)               \
  X(pivot_root)          \
  X(ppoll)               \
  X(prctl)               \
  X(prlimit64)           \
  X(read)                \
  X(recvfrom)            \
  X(recvmsg)             \
  X(readlinkat)          \
  X(renameat2)           \
  X(rt_sigaction)        \
  X(rt_sigprocmask)      \
  X(sched_getattr)       \
  X(sched_setattr)       \
  X(seccomp)             \
  X(sendfile)            \
  X(sendmsg)             \
  X(sendto)              \
  X(setgid)              \
  X(setgroups)           \
  X(sethostname)         \
  X(setns)               \
  X(setpriority)         \
  X(setsid)              \
  X(setuid)              \
  X(socket)              \
  X(socketpair)          \
  X(statx)               \
  X(symlinkat)           \
  X(umask)               \
  X(umount2)             \
  X(unlinkat)            \
  X(unshare)             \
  X(wait4)               \
  X(waitid)              \
  X(write)

/** The call's name, as strace(1) has it; "" for kNoCall. */
constexpr const char* CallName(long number) {
  switch (number) {
#define MEMCAGE_CALL_NAME(name) \
  case SYS_##name:              \
    return #name;
    MEMCAGE_CALLS(MEMCAGE_CALL_NAME)
#undef MEMCAGE_CALL_NAME
    default:
      return "";
  }
}

}  // namespace memcage::sys

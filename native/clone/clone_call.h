#pragma once

#include <sys/types.h>

#include <cstdint>

#include "sys/raw_call.h"

namespace memcage {

struct CloneRequest {
  /** CLONE_* bits, not both of CLONE_PIDFD and CLONE_PARENT_SETTID; the exit signal is SIGCHLD, also with CLONE_PARENT.
   */
  uint64_t flags;
  /** Where the kernel stores, before the child runs, the pidfd (CLONE_PIDFD) or the pid (CLONE_PARENT_SETTID). */
  int* child_id;
  char* stack_base;
  size_t stack_size;
  /** The directory fd for CLONE_INTO_CGROUP, or -1. */
  int cgroup_fd;
};

/**
 * clone3(2) (Linux 5.3), or clone(2) if clone3 fails with ENOSYS (an older kernel, a container's seccomp filter). The
 * child runs `entry(arg)` on its own stack and never returns. Its result is a pid, or ENOSYS if only clone3 can do what
 * was asked for.
 */
sys::Result CloneChild(const CloneRequest& request, int (*entry)(void*), void* arg);

/**
 * How a seccomp filter would refuse CloneChild() with these flags, without a child: 0 if none does.
 * Makes the same calls, in a way that the kernel itself refuses with EINVAL before it does anything.
 */
sys::Result CloneRefusal(uint64_t flags);

/** How a seccomp filter would refuse unshare(2). The process must have several threads, as any with Node has. */
sys::Result UnshareRefusal(int flags);

}  // namespace memcage

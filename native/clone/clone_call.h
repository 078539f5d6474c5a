#pragma once

#include <sys/types.h>

#include <cstdint>

namespace memcage {

struct CloneRequest {
  /** CLONE_* bits; the exit signal is SIGCHLD. */
  uint64_t flags;
  /** Where the kernel stores the pidfd before the child runs. */
  int* pidfd;
  char* stack_base;
  size_t stack_size;
  /** Directory fd for CLONE_INTO_CGROUP, or -1. */
  int cgroup_fd;
};

/**
 * clone3(2) (Linux 5.3), or clone(2) where clone3 answers ENOSYS (an older kernel, a container's seccomp filter). The
 * child runs `entry(arg)` on its own stack and never returns. A pid, or a negative errno: ENOSYS when what was asked
 * for only clone3 can do.
 */
long CloneChild(const CloneRequest& request, int (*entry)(void*), void* arg);

}  // namespace memcage

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>

#include "sys/unique_fd.h"

namespace memcage {

/** Whether a child in these is, or will be, frozen. Each may be -1: the directory on v2, `freezer.state` on v1. */
bool IsFrozen(int cgroup_fd, int thaw_fd);
/**
 * Whether CLONE_VFORK still suspends that thread, or single-threaded process. If not, the child has its program, or has
 * ended; its parent may not have had the processor since. Where /proc does not tell, it is suspended.
 */
bool IsSuspended(pid_t thread);
/** A task that the v1 freezer froze does not even take SIGKILL. -1: does nothing. */
void Thaw(int thaw_fd);

/**
 * Limits the time for which CLONE_VFORK suspends a thread. Such a thread can't help itself: someone may have frozen its
 * child, or the child may hang in a file system. A timer in the epoll set of the watcher's thread looks every few
 * milliseconds, and kills a child that is late, or frozen before it has its program.
 */
class Watchdog {
 public:
  struct Wait {
    /** The thread that is suspended. */
    pid_t thread;
    /** The kernel writes it before the child runs; -1 until then. */
    const volatile int* pidfd;
    /** The directory of the v2 cgroup into which the child was cloned, or -1. */
    int cgroup_fd;
    /** freezer.state (v1) of the child's cgroup, open for reading and writing, or -1. */
    int thaw_fd;
    int timeout_ms;
  };

  /** The timer to watch for EPOLLIN, or a negative errno. */
  int Open();

  void Arm(const Wait& wait);
  /** True if the child was killed. */
  bool Disarm();
  /** The watcher's thread calls it when the timer fires. */
  void Look();

 private:
  void SetTimer(int64_t period_ms);

  UniqueFd timer_;
  std::mutex mutex_;
  Wait wait_{};
  int64_t armed_ns_ = 0;
  bool armed_ = false;
  /** The timer is set. */
  bool ticking_ = false;
  bool killed_ = false;
};

}  // namespace memcage

#pragma once

#include <cstdint>
#include <mutex>

#include "sys/unique_fd.h"

namespace memcage {

/**
 * Bounds the time that a thread is suspended by CLONE_VFORK. Such a thread can't help itself: its child may have been
 * frozen by someone, or hang in a file system. A timer in the watcher thread's epoll set looks every few milliseconds
 * and kills a child that is frozen or late.
 */
class Watchdog {
 public:
  struct Wait {
    /** Written by the kernel before the child runs; -1 until then. */
    const volatile int* pidfd;
    /** Directory of the cgroup v2 that the child was cloned into, or -1. */
    int cgroup_fd;
    /** v1 freezer.state of the child's cgroup, open for reading and writing, or -1. */
    int thaw_fd;
    int timeout_ms;
  };

  /** The timer to watch for EPOLLIN; a negative errno when it can't be made. */
  int Open();

  void Arm(const Wait& wait);
  /** True when the child was killed. */
  bool Disarm();
  /** Called by the watcher thread when the timer fires. */
  void Look();

 private:
  [[nodiscard]] bool Frozen() const;
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

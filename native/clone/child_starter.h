#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "clone/spawn_plan.h"
#include "clone/stages.h"
#include "clone/vfork_stack.h"
#include "clone/watchdog.h"
#include "sys/arena.h"
#include "sys/errors.h"
#include "sys/unique_fd.h"

namespace memcage {

/** One child: what it does, and what its parent does around that. */
struct ChildStart {
  /** ChildStarter::Start() fills in what `argv` and `envp` say already, and what is the parent's. */
  SpawnPlan plan;
  /** CLONE_NEW*. */
  uint32_t namespaces = 0;
  /** The child has the root, working directory and umask of the process, also after exec. */
  bool shares_fs = false;
  /** With a starter: it does not have the memory of that until exec, but a copy of it. */
  bool is_copy = false;
  /** The directory of a cgroup v2 in which the child is born, or -1. */
  int into_cgroup_fd = -1;
  /** A `freezer.state` (v1) for the watchdog, or -1. */
  int thaw_fd = -1;
  int watchdog_ms = 0;
};

struct CloneFailure {
  Stage stage;
  int error;
  std::string path;
  std::string output = {};
  /** The call that failed; empty: a refusal of our own. */
  std::string syscall = {};
};

/**
 * The kernel has killed the child before it ran. Linux (from 6.14 on, and 6.1.129 of the older ones) does that where
 * either its new cgroup or the one of who clones it was killed as a whole before (cgroup.kill, kill_seq in the kernel).
 */
inline CloneFailure BornDead() { return {Stage::kClone, -ECANCELED, {}, {}, "clone3"}; }

/** Starts children, one at a time: the thread that made it is suspended from the clone to the exec. */
class ChildStarter {
 public:
  /** `ready_watchdog` makes sure that another thread calls the watchdog's Look(). */
  ChildStarter(std::function<Expected<>()> ready_watchdog, Arena* arena)
      : ready_watchdog_(std::move(ready_watchdog)), arena_(arena) {}

  /**
   * Returns the pid, with the pidfd in `pidfd`, once the child has reached exec; or what failed, and no child is left.
   */
  Expected<pid_t, CloneFailure> Start(ChildStart& start, UniqueFd* pidfd);

  /** A pidfd of this process, opened once; or a negative errno. */
  int SelfPidfd();

  [[nodiscard]] Watchdog& watchdog() { return watchdog_; }

 private:
  /** A SelfPidfd() whose number is none of the first `count`, which become the child's stdio. */
  int SelfPidfdAbove(int count);

  // glibc has gettid() since 2.30.
  const pid_t thread_ = static_cast<pid_t>(syscall(SYS_gettid));
  std::function<Expected<>()> ready_watchdog_;
  Arena* arena_;
  Watchdog watchdog_;
  VforkStack stack_;
  UniqueFd self_pidfd_;
};

}  // namespace memcage

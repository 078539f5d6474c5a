#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "cgroup/walk.h"
#include "sys/raw_call.h"

namespace memcage::cgroup {

/** A process to kill or to leave alone, in a table by pid. An empty slot is all zero. */
struct Target {
  enum class State : uint8_t {
    kNew,
    kSpared,
    /** Or killed. */
    kStopped
  };

  pid_t pid;
  /** Holds the process, so that no stranger that gets its pid is signalled instead; -1: not held. */
  int pidfd;
  /** Links all targets in the table into a list: the index of the next one plus 1, or 0 at the end. */
  uint32_t next;
  State state;
};

/** If there are more, the next attempt finds them. */
inline constexpr size_t kMostTargets = 65'536;

/** Memory for the functions below, so that they need not allocate. Only one thread may use it at a time. */
struct KillStorage {
  Level* levels;
  size_t level_count;
  /** Zeroed before the first call, and again after each call. */
  Target* targets;
  /** A power of two. */
  size_t target_count;
};

/** What a kill was refused, and on which file of the cgroup: '' is the cgroup itself. */
struct KillRefusal {
  /** 0 if nothing was refused. */
  sys::Result by;
  const char* file = "";
};

/**
 * Sends SIGKILL to every process of a cgroup and those below it. Those `spared` need not be killed. Some may still be
 * ending after that, and others may have come in meanwhile, so repeat this until the cgroup is empty. With
 * `cgroup.kill` (Linux 5.14) or a freezer (v2, or the v1 freezer), none can escape by forking. Without either, or where
 * their files are refused, all are stopped before the first is killed. The files that exist say which hierarchy it is.
 * Returns the first refusal that leaves a process alive; ENOENT or ENODEV means that the cgroup is gone.
 */
KillRefusal KillAll(int dir_fd, const KillStorage& storage, const pid_t* spared, size_t spared_count);

}  // namespace memcage::cgroup

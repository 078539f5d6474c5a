#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "cgroup/regain.h"
#include "cgroup/walk.h"

namespace memcage::cgroup {

/** A process that is to be killed, or is to be left alone, in a table by its pid; all zero is an empty slot. */
struct Target {
  enum class State : uint8_t { kNew, kSpared, kStopped };

  pid_t pid;
  /** Holds it, so that no stranger who is given its pid is signalled in its place; -1: not held. */
  int pidfd;
  /** Of the list of all in the table: 1 and the index of another, 0 at the end. */
  uint32_t next;
  State state;
};

/** More than that are met by the next attempt. */
inline constexpr size_t kMostTargets = 65'536;

/** What the functions below work in, so that they need not allocate; for one thread at a time. */
struct KillStorage {
  Level* levels;
  size_t level_count;
  /** Zeroed at first, and again after each call. */
  Target* targets;
  /** A power of two. */
  size_t target_count;
};

/**
 * SIGKILL for every process of a cgroup and of those below it, but for those `spared`: some may still be ending, others
 * may have come in meanwhile, and so it is to be repeated until the cgroup is empty. With `cgroup.kill` (Linux 5.14),
 * or what can be frozen (v2, and the freezer of v1), nothing can escape by forking; without either, all are stopped
 * before the first is killed. Which files there are says which hierarchy it is. The first refusal of a kind that leaves
 * something alive, ENOENT or ENODEV: the cgroup is gone.
 */
Refusal KillAll(int dir_fd, const KillStorage& storage, const pid_t* spared, size_t spared_count);

}  // namespace memcage::cgroup

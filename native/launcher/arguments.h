#pragma once

#include <sys/types.h>

#include <cstddef>

#include "clone/spawn_plan.h"

namespace memcage::launcher {

/** The most joins, by paths and fds together. */
inline constexpr size_t kMaxJoins = 8;

/** What the launcher does beyond the steps of the child. */
struct Task {
  SpawnPlan plan;
  /** What the plan's join_fds are of. */
  int join_fds[kMaxJoins] = {};
  /** Files to open and add to them. */
  const char* join_paths[kMaxJoins] = {};
  size_t join_path_count = 0;
  /** Directory to open as the plan's pids_fd, or nullptr. */
  const char* pids_path = nullptr;
  /** The caller's pid if the program must end with the caller; 0: it may outlive the caller. */
  pid_t parent = 0;
  /** Where to report a failure instead of on stderr, or -1. */
  int report_fd = -1;
  /** Wait for a byte from report_fd before becoming the program, and end without one if that is closed. */
  bool gate = false;
  /** End the program with whoever holds the other end of report_fd, if that is the parent. */
  bool gate_parent = false;
  /** All signals are blocked from the beginning, so that an init loses none. */
  bool signals_held = false;
  /** Where an init writes the wait status of its program, or -1. */
  int status_fd = -1;
  /** Fork before running the program: only children enter the new namespaces. */
  bool fork = false;
  /** Become, or start, an init that runs the program. */
  bool init = false;
  /** The init is the first process of a container or unit, which may have no PID namespace of its own. */
  bool entry_point = false;
};

/** Reads argv; README.md has the format. Returns nullptr, or the argument that is wrong. */
const char* ReadArguments(int argc, char** argv, char** envp, Task* task);

}  // namespace memcage::launcher

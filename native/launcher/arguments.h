#pragma once

#include <sys/types.h>

#include "clone/spawn_plan.h"

namespace memcage::launcher {

/** What the launcher does beyond the steps of the child. */
struct Task {
  SpawnPlan plan;
  /** Files to open and add to the plan's join_fds. */
  const char* join_paths[8];
  int join_path_count;
  /** Directory to open as the plan's pids_fd, or nullptr. */
  const char* pids_path;
  /** The caller's pid if the program must end with the caller; 0: it may outlive the caller. */
  pid_t parent;
  /** Where to report a failure instead of on stderr, or -1. */
  int report_fd;
  /** Wait for a byte from report_fd before becoming the program, and end without one if that is closed. */
  bool gate;
  /** End the program with whoever holds the other end of report_fd, if that is the parent. */
  bool gate_parent;
  /** All signals are blocked from the beginning, so that an init loses none. */
  bool signals_held;
  /** Where an init writes the wait status of its program, or -1. */
  int status_fd;
  /** Fork before running the program: only children enter the new namespaces. */
  bool fork;
  /** Become, or start, an init that runs the program. */
  bool init;
  /** The init is the first process of a container or unit, which may have no PID namespace of its own. */
  bool entry_point;
};

/** Reads argv; docs/launcher.md has the format. Returns nullptr, or the argument that is wrong. */
const char* ReadArguments(int argc, char** argv, char** envp, Task* task);

}  // namespace memcage::launcher

#pragma once

#include <sys/types.h>

#include "clone/spawn_plan.h"

namespace memcage::launcher {

/** What the launcher is asked for beyond the steps of the child. */
struct Task {
  SpawnPlan plan;
  /** Files to open and add to the plan's join_fds. */
  const char* join_paths[8];
  int join_path_count;
  /** The caller's pid when the program is to end with it; 0: it may outlive it. */
  pid_t parent;
  /** Where a failure goes instead of to stderr, or -1. */
  int report_fd;
  /** Where an init writes the wait status of its program, or -1. */
  int status_fd;
  /** Fork before the program: only children get into the new namespaces. */
  bool fork;
  /** Be, or start, an init that runs the program. */
  bool init;
};

/** Reads argv; docs/launcher.md has the format. nullptr, or the argument that is wrong. */
const char* ReadArguments(int argc, char** argv, char** envp, Task* task);

}  // namespace memcage::launcher

#pragma once

#include "sys/unique_fd.h"

// Ends the cgroups of a dead process. Nothing here allocates, since this must not fail for lack of memory.
namespace memcage::launcher {

/** A directory of cgroups. */
struct Tree {
  int fd;
  /** Whether the fd is its own, or of the directory around it. Its own finds it by whatever name it has. */
  bool is_own;
  /** The name that it was made with. */
  const char* name;
};

/** Opens a directory again, with a position and locks of its own. -1 if that fails. */
UniqueFd OpenAgain(int fd);

/**
 * Kills everything in a directory and below it, and removes what is empty. True once nothing of it is left. Call it
 * again until then: a killed process takes a moment to be gone.
 */
bool EndTree(const Tree& tree);

/** Removes what is empty. True once nothing of it is left. */
bool RemoveTree(const Tree& tree);

/**
 * Undoes what a process did to its own cgroup `parent_fd` (v2) when it moved itself to the self cgroup `name`: this
 * process moves back out of it, and removes it. False if others use either cgroup, or have not ended yet.
 */
bool GiveBack(int parent_fd, const char* name);

}  // namespace memcage::launcher

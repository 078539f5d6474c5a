#pragma once

#include <cstddef>
#include <cstdint>

// cgroups of a dead process. Nothing here allocates: what there is to do must not fail for want of memory.
namespace memcage::launcher {

/**
 * Kills all that is in a directory of cgroups and below it, and removes what is empty. True once nothing of it is left;
 * until then to be called again: who has been killed takes a moment to be gone.
 */
bool EndTree(int parent_fd, const char* name);

/** Removes what is empty. True once nothing of it is left. */
bool RemoveTree(int parent_fd, const char* name);

bool Exists(int parent_fd, const char* name);

/** The name of the directory in another that has this inode number. Unchanged when there is none. */
void FindByInode(int parent_fd, uint64_t inode, char* name, size_t size);

/**
 * Undoes what a process has done to its own cgroup `parent_fd` (v2): nobody is in it but in the leaf `name`. This
 * process moves back out of that. False: others make use of either, or have not ended yet.
 */
bool GiveBack(int parent_fd, const char* name);

}  // namespace memcage::launcher

#pragma once

#include <cstddef>
#include <cstdint>

// Ends the cgroups of a dead process. Nothing here allocates, since this must not fail for lack of memory.
namespace memcage::launcher {

/**
 * Kills everything in a directory of cgroups and below it, and removes what is empty. True once nothing of it is left.
 * Call it again until then: a killed process takes a moment to be gone.
 */
bool EndTree(int parent_fd, const char* name);

/** Removes what is empty. True once nothing of it is left. */
bool RemoveTree(int parent_fd, const char* name);

/** Finds the name of the directory with this inode number in another. Leaves `name` unchanged if there is none. */
void FindByInode(int parent_fd, uint64_t inode, char* name, size_t size);

/**
 * Undoes what a process did to its own cgroup `parent_fd` (v2) when it moved itself to the leaf `name`: this process
 * moves back out of the leaf, and removes it. False if others use either cgroup, or have not ended yet.
 */
bool GiveBack(int parent_fd, const char* name);

}  // namespace memcage::launcher

#pragma once

#include <sys/types.h>

#include "sys/raw_call.h"

// Access to cgroups that are to be removed. A payload may have removed permissions from its cgroup's files and from
// cgroups below, which stops everyone but root. Here the user who owns them restores them. Nothing here allocates.
namespace memcage::cgroup {

/** openat(2), which adds the `needed` bits to the mode if it must. */
sys::Result OpenRegaining(int dir_fd, const char* name, int flags, mode_t needed);
/** Opens a directory to read it, search it, and remove its entries. */
sys::Result OpenDirectoryRegaining(int dir_fd, const char* name);
sys::Result WriteRegaining(int dir_fd, const char* file, const char* text);

/** Whether the errno says that a cgroup was removed, by whomever. */
bool IsGone(long error);

}  // namespace memcage::cgroup

#pragma once

#include <sys/types.h>

// Access to cgroups that are to be removed. A payload may have removed permissions from its cgroup's files and from
// cgroups below, which stops everyone but root. Here the user who owns them restores them. Nothing here allocates.
namespace memcage::cgroup {

/** What the kernel refused. `file` is a name in the cgroup, or '' for the cgroup itself. */
struct Refusal {
  /** Negative errno; 0 if nothing was refused. */
  int error = 0;
  const char* syscall = "";
  const char* file = "";
};

/** openat(2), which adds the `needed` bits to the mode if it must. Returns the fd, or a negative errno. */
long OpenRegaining(int dir_fd, const char* name, int flags, mode_t needed);
/** Opens a directory to read it, search it, and remove its entries. Returns the fd, or a negative errno. */
long OpenDirectoryRegaining(int dir_fd, const char* name);
Refusal WriteRegaining(int dir_fd, const char* file, const char* text);

/** Whether the errno says that a cgroup was removed, by whomever. */
bool IsGone(long error);

}  // namespace memcage::cgroup

#pragma once

#include <sys/types.h>

// Access to cgroups that are to end. Who ran in one may have taken the permission bits of its files and of cgroups
// below away, which stops everyone but root: where that is ours they are given back. Nothing here allocates.
namespace memcage::cgroup {

/** What the kernel refused. `file` is a name in the cgroup, or '' for the cgroup itself. */
struct Refusal {
  /** Negative errno; 0: nothing was refused. */
  int error = 0;
  const char* syscall = "";
  const char* file = "";
};

/** openat(2), with what is `needed` of the mode. The fd, or a negative errno. */
long OpenRegaining(int dir_fd, const char* name, int flags, mode_t needed);
/** For reading, searching, and removing what is in it. The fd, or a negative errno. */
long OpenDirectoryRegaining(int dir_fd, const char* name);
Refusal WriteRegaining(int dir_fd, const char* file, const char* text);

/** A cgroup was removed: who may do that does not tell. */
bool IsGone(long error);

}  // namespace memcage::cgroup

#include "launcher/end_cgroups.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cgroup/kill.h"
#include "cgroup/members.h"
#include "cgroup/regain.h"
#include "cgroup/walk.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"
#include "sys/unique_fd.h"

namespace memcage::launcher {
namespace {

using cgroup::Subdirectories;
using cgroup::Walk;
using sys::Call;

// A page of these takes memory only once it is written to.
cgroup::Level levels[cgroup::kMostLevels];
cgroup::Target targets[cgroup::kMostTargets];
constexpr cgroup::KillStorage kStorage{levels, cgroup::kMostLevels, targets, cgroup::kMostTargets};

/** Opens `dir_fd` again, with a position of its own. */
UniqueFd OpenAgain(int dir_fd) {
  return UniqueFd(static_cast<int>(Call(SYS_openat, dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)));
}

UniqueFd OpenBelow(int parent_fd, const char* name) {
  return UniqueFd(static_cast<int>(cgroup::OpenDirectoryRegaining(parent_fd, name)));
}

bool Exists(int parent_fd, const char* name) { return faccessat(parent_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

/** Removes the empty cgroups below. */
void RemoveEmpty(int dir_fd) {
  UniqueFd top = OpenAgain(dir_fd);
  Walk walk(levels, cgroup::kMostLevels, Walk::Access::kRegain);
  if (!top.valid() || walk.Begin(std::move(top)) != 0) return;
  for (Walk::Step step = walk.Next(); step != Walk::Step::kEnd; step = walk.Next()) {
    // A cgroup that can't be entered may still be empty.
    if (step == Walk::Step::kFound && walk.Enter() == 0) continue;
    Call(SYS_unlinkat, walk.fd(), walk.name(), AT_REMOVEDIR);
  }
}

/** Removes what is below first, then the directory. */
bool RemoveOpen(int parent_fd, const char* name, const UniqueFd& directory) {
  if (directory.valid()) RemoveEmpty(directory.get());
  const long removed = Call(SYS_unlinkat, parent_fd, name, AT_REMOVEDIR);
  return removed == 0 || cgroup::IsGone(removed);
}

}  // namespace

bool EndTree(int parent_fd, const char* name) {
  const UniqueFd directory = OpenBelow(parent_fd, name);
  // Ignore a refusal: the next attempt may succeed.
  if (directory.valid()) cgroup::KillAll(directory.get(), kStorage, nullptr, 0);
  return RemoveOpen(parent_fd, name, directory);
}

void FindByInode(int parent_fd, uint64_t inode, char* name, size_t size) {
  const UniqueFd parent = OpenAgain(parent_fd);
  if (!parent.valid()) return;
  Subdirectories names(parent.get());
  for (const char* other = names.Next(); other != nullptr; other = names.Next()) {
    if (names.inode() != inode || strlen(other) >= size) continue;
    memcpy(name, other, strlen(other) + 1);
    return;
  }
}

bool RemoveTree(int parent_fd, const char* name) { return RemoveOpen(parent_fd, name, OpenBelow(parent_fd, name)); }

bool GiveBack(int parent_fd, const char* name) {
  const UniqueFd parent = OpenAgain(parent_fd);
  if (!parent.valid() || !Exists(parent.get(), name)) return true;
  Subdirectories names(parent.get());
  for (const char* other = names.Next(); other != nullptr; other = names.Next()) {
    if (strcmp(other, name) != 0) return false;
  }
  {
    const UniqueFd leaf = OpenBelow(parent.get(), name);
    if (!leaf.valid()) return false;
    cgroup::Members members(leaf.get());
    for (pid_t pid = members.Next(); pid != 0; pid = members.Next()) {
      if (pid != getpid()) return false;
    }
  }
  // One by one: the kernel refuses a list with a controller that it does not have.
  for (const char* controller : {"-pids", "-cpu", "-cpuset", "-memory"}) {
    cgroup::WriteRegaining(parent.get(), "cgroup.subtree_control", controller);
  }
  cgroup::WriteRegaining(parent.get(), "cgroup.procs", "0");
  return Call(SYS_unlinkat, parent.get(), name, AT_REMOVEDIR) == 0;
}

}  // namespace memcage::launcher

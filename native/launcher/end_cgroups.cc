#include "launcher/end_cgroups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cgroup/kill.h"
#include "cgroup/members.h"
#include "cgroup/regain.h"
#include "cgroup/walk.h"
#include "sys/raw_call.h"
#include "sys/stat.h"
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

UniqueFd OpenBelow(int parent_fd, const char* name) {
  return UniqueFd(cgroup::OpenDirectoryRegaining(parent_fd, name));
}

bool Exists(int parent_fd, const char* name) { return faccessat(parent_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

/** Removes the empty cgroups below. */
void RemoveEmpty(int dir_fd) {
  UniqueFd top = OpenAgain(dir_fd);
  Walk walk(levels, cgroup::kMostLevels, Walk::Access::kRegain);
  if (!top.valid() || walk.Begin(std::move(top)) < 0) return;
  for (Walk::Step step = walk.Next(); step != Walk::Step::kEnd; step = walk.Next()) {
    // A cgroup that can't be entered may still be empty.
    if (step == Walk::Step::kFound && walk.Enter() >= 0) continue;
    Call(SYS_unlinkat, walk.fd(), walk.name(), AT_REMOVEDIR);
  }
}

bool Remove(int parent_fd, const char* name) {
  const long removed = Call(SYS_unlinkat, parent_fd, name, AT_REMOVEDIR);
  return removed == 0 || cgroup::IsGone(removed);
}

/** Whether the directory with this fd was removed. */
bool IsRemoved(int fd) { return faccessat(fd, "cgroup.procs", F_OK, 0) < 0 && cgroup::IsGone(-errno); }

/** On v1 a process that was in it may have renamed it, and made another with the name that it had. */
bool RemoveOwn(int fd, const char* name) {
  const UniqueFd around(Call(SYS_openat, fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!around.valid()) return IsRemoved(fd);
  Remove(around.get(), name);
  struct stat status{};
  if (IsRemoved(fd) || sys::Stat(fd, &status) != 0) return true;
  Subdirectories names(around.get());
  for (const char* other = names.Next(); other != nullptr; other = names.Next()) {
    if (names.inode() == status.st_ino) Remove(around.get(), other);
  }
  return IsRemoved(fd);
}

UniqueFd Open(const Tree& tree) { return tree.is_own ? OpenAgain(tree.fd) : OpenBelow(tree.fd, tree.name); }

/** Removes what is below first. */
bool RemoveOpen(const Tree& tree, const UniqueFd& directory) {
  if (directory.valid()) RemoveEmpty(directory.get());
  return tree.is_own ? RemoveOwn(tree.fd, tree.name) : Remove(tree.fd, tree.name);
}

}  // namespace

UniqueFd OpenAgain(int fd) {
  const auto open = [&] { return Call(SYS_openat, fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); };
  UniqueFd again(open());
  struct stat status{};
  if (again.get() != -EACCES || sys::Stat(fd, &status) != 0) return again;
  fchmod(fd, (status.st_mode & 07777) | 0700);
  return UniqueFd(open());
}

bool EndTree(const Tree& tree) {
  const UniqueFd directory = Open(tree);
  // Ignore a refusal: the next attempt may succeed.
  if (directory.valid()) cgroup::KillAll(directory.get(), kStorage, nullptr, 0);
  return RemoveOpen(tree, directory);
}

bool RemoveTree(const Tree& tree) { return RemoveOpen(tree, Open(tree)); }

bool GiveBack(int parent_fd, const char* name) {
  const UniqueFd parent = OpenAgain(parent_fd);
  if (!parent.valid() || !Exists(parent.get(), name)) return true;
  Subdirectories names(parent.get());
  for (const char* other = names.Next(); other != nullptr; other = names.Next()) {
    if (strcmp(other, name) != 0) return false;
  }
  {
    const UniqueFd self = OpenBelow(parent.get(), name);
    if (!self.valid()) return false;
    cgroup::Members members(self.get());
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

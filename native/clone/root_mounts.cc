#include "clone/root_mounts.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "clone/child.h"
#include "sys/mount_calls.h"
#include "sys/stat.h"

namespace memcage {
namespace {

using sys::Call;
using sys::Result;

constexpr const char* kNull = "/dev/null";

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kFileMode = 0644;

bool IsDirectory(const SpawnPlan& plan, int fd, Stage stage, const char* subject) {
  struct stat status{};
  Check(plan, stage, sys::Stat(fd, &status), subject);
  return S_ISDIR(status.st_mode);
}

/**
 * What is mounted on that would be seen by nobody: the root of the child is what lies below. Another mount of the same
 * directory is not it.
 */
bool IsRoot(const Roots& roots, int target) {
  struct stat root{};
  struct stat other{};
  if (sys::Stat(roots.inside, &root) != 0 || sys::Stat(target, &other) != 0) return false;
  if (root.st_dev != other.st_dev || root.st_ino != other.st_ino) return false;
  return sys::MountId(roots.inside) == sys::MountId(target);
}

/** Whether what is made there goes with the child. */
bool IsOnOurs(const Roots& roots, int directory) {
  struct stat status{};
  if (sys::Stat(directory, &status) != 0) return false;
  for (int i = 0; i < roots.made_count; ++i) {
    if (roots.made[i] == status.st_dev) return true;
  }
  return false;
}

Result MakeEntry(const Roots& roots, int parent, const char* name, bool is_directory) {
  if (!IsOnOurs(roots, parent)) return {-ENOENT, SYS_openat2};
  if (is_directory) return Call(SYS_mkdirat, parent, name, kDirectoryMode);
  return Call(SYS_mknodat, parent, name, S_IFREG | kFileMode, 0);
}

/** Makes what is missing of a path inside: directories, or a file as the last of it. Returns its fd. */
Result CreateInside(const Roots& roots, const char* to, bool is_directory) {
  char path[PATH_MAX];
  const size_t length = strlen(to);
  if (length >= sizeof(path)) return {-ENAMETOOLONG};
  memcpy(path, to, length + 1);
  Result parent = Call(SYS_fcntl, roots.inside, F_DUPFD_CLOEXEC, 0);
  for (char* name = path; parent >= 0;) {
    while (*name == '/') ++name;
    if (*name == '\0') break;
    char* end = name + strcspn(name, "/");
    const char after = *end;
    *end = '\0';
    const bool last = end[after == '\0' ? 0 : 1 + strspn(end + 1, "/")] == '\0';
    Result next = sys::OpenInRoot(roots.inside, path, O_PATH);
    if (next == -ENOENT) {
      next = MakeEntry(roots, parent.as_int(), name, is_directory || !last);
      if (next >= 0) next = sys::OpenInRoot(roots.inside, path, O_PATH);
    }
    Call(SYS_close, parent);
    parent = next;
    *end = after;
    name = end;
  }
  return parent;
}

int OpenTarget(const SpawnPlan& plan, const Roots& roots, const Target& target, bool is_directory) {
  const Stage stage = target.stage == Stage::kRootMount ? Stage::kRootTarget : target.stage;
  // A link would put them elsewhere in a foreign root.
  const bool follow = target.stage != Stage::kRootProc && target.stage != Stage::kRootDev;
  Result fd = sys::OpenInRoot(roots.inside, target.path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  if (fd == -ENOENT && target.create) fd = CreateInside(roots, target.path, is_directory);
  Check(plan, stage, fd, target.path);
  const int opened = fd.as_int();
  const bool on_directory = IsDirectory(plan, opened, stage, target.path);
  if (IsRoot(roots, opened)) Fail(plan, stage, {-EBUSY}, target.path);
  if (is_directory && !on_directory) Fail(plan, stage, {-ENOTDIR}, target.path);
  if (!is_directory && on_directory) Fail(plan, stage, {-EISDIR}, target.path);
  return opened;
}

}  // namespace

int NewTmpfs(const SpawnPlan& plan, Roots* roots, const TmpfsOptions& options, Stage stage, const char* subject) {
  const Result tree =
      sys::NewMount("tmpfs", {{"size", options.size}, {"mode", options.mode == nullptr ? "755" : options.mode}},
                    sys::kMountNoSuid | sys::kMountNoDev);
  Check(plan, stage, tree, subject);
  struct stat status{};
  Check(plan, stage, sys::Stat(tree.as_int(), &status), subject);
  roots->made[roots->made_count++] = status.st_dev;
  return tree.as_int();
}

int CopyOpened(const SpawnPlan& plan, Result source, Stage stage, const char* subject) {
  Check(plan, stage, source, subject);
  const Result tree = sys::CopyTree(source.as_int(), "", AT_EMPTY_PATH);
  Check(plan, stage, tree, subject);
  Call(SYS_close, source);
  return tree.as_int();
}

int CopyOutside(const SpawnPlan& plan, const Roots& roots, const char* path, Stage stage, const char* subject) {
  return CopyOpened(plan, sys::OpenInRoot(roots.outside, path, O_PATH), stage, subject);
}

int CopyDevice(const SpawnPlan& plan, const Roots& roots, const char* path, Stage stage, const char* subject) {
  const int tree = CopyOutside(plan, roots, path, stage, subject);
  // A device can be written to on a read-only mount.
  const Result result = sys::SetMountReadOnly(tree, 0);
  if (result != -ENOSYS) Check(plan, stage, result, subject);
  return tree;
}

uint64_t MountInside(const SpawnPlan& plan, const Roots& roots, int tree, const Target& target) {
  const int fd = OpenTarget(plan, roots, target, IsDirectory(plan, tree, target.stage, target.path));
  Check(plan, target.stage, sys::MoveMount(tree, fd), target.path);
  Call(SYS_close, fd);
  return sys::MountId(tree);
}

namespace {

/** An empty directory, read-only, mounted nowhere. */
int EmptyDirectory(const SpawnPlan& plan, Stage stage, const char* subject) {
  // A file system of its own would take twice as long to make, and to end.
  Result tree = sys::CopyTree(AT_FDCWD, kEmptyOnStage, 0);
  if (tree >= 0 && sys::SetMountReadOnly(tree.as_int(), 0) == 0) return tree.as_int();
  if (tree >= 0) Call(SYS_close, tree);
  // Before Linux 5.12.
  tree = sys::NewMount("tmpfs", {{"mode", "755"}},
                       sys::kMountReadOnly | sys::kMountNoSuid | sys::kMountNoDev | sys::kMountNoExec);
  Check(plan, stage, tree, subject);
  return tree.as_int();
}

}  // namespace

void Cover(const SpawnPlan& plan, const Roots& roots, int found, Stage stage, const char* subject) {
  int tree = -1;
  if (IsDirectory(plan, found, stage, subject)) {
    tree = EmptyDirectory(plan, stage, subject);
  } else {
    tree = CopyDevice(plan, roots, kNull, stage, subject);
  }
  Check(plan, stage, sys::MoveMount(tree, found), subject);
  Call(SYS_close, tree);
  Call(SYS_close, found);
}

namespace {

/** Returns the id of the mount. */
uint64_t MakeMount(const SpawnPlan& plan, Roots* roots, const RootMount& mount) {
  int tree = -1;
  if (mount.from == nullptr) {
    tree = NewTmpfs(plan, roots, mount.tmpfs, Stage::kRootMount, mount.to);
  } else {
    tree = CopyOutside(plan, *roots, mount.from, Stage::kRootSource, mount.from);
    if (mount.read_only) Check(plan, Stage::kRootReadOnly, sys::SetMountReadOnly(tree, sys::kAtRecursive), mount.to);
  }
  const uint64_t id = MountInside(plan, *roots, tree, {Stage::kRootMount, mount.to, mount.create});
  Call(SYS_close, tree);
  return id;
}

}  // namespace

void MakeMounts(const SpawnPlan& plan, Roots* roots) {
  for (size_t i = 0; i < plan.root->mounts.size(); ++i) roots->mounts[i] = MakeMount(plan, roots, plan.root->mounts[i]);
}

void Hide(const SpawnPlan& plan, const Roots& roots, const char* path) {
  const Result found = sys::OpenInRoot(roots.inside, path, O_PATH);
  if (found == -ENOENT || found == -ENOTDIR) return;
  Check(plan, Stage::kRootHide, found, path);
  if (IsRoot(roots, found.as_int())) Fail(plan, Stage::kRootHide, {-EBUSY}, path);
  Cover(plan, roots, found.as_int(), Stage::kRootHide, path);
}

}  // namespace memcage

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

constexpr const char* kNull = "/dev/null";

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kFileMode = 0644;

bool IsDirectory(const SpawnPlan& plan, int fd, Stage stage, const char* subject) {
  struct stat status{};
  Check(plan, stage, sys::Stat(fd, &status), subject);
  return S_ISDIR(status.st_mode);
}

/** What is mounted on that would be seen by nobody: the root of the child is what lies below. */
bool IsRoot(const Roots& roots, const struct stat& target) {
  struct stat root{};
  return sys::Stat(roots.inside, &root) == 0 && root.st_dev == target.st_dev && root.st_ino == target.st_ino;
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

long MakeEntry(const Roots& roots, int parent, const char* name, bool is_directory) {
  if (!IsOnOurs(roots, parent)) return -ENOENT;
  if (is_directory) return Call(SYS_mkdirat, parent, name, kDirectoryMode);
  return Call(SYS_mknodat, parent, name, S_IFREG | kFileMode, 0);
}

/** Makes what is missing of a path inside: directories, or a file as the last of it. Returns its fd. */
long CreateInside(const Roots& roots, const char* to, bool is_directory) {
  char path[PATH_MAX];
  const size_t length = strlen(to);
  if (length >= sizeof(path)) return -ENAMETOOLONG;
  memcpy(path, to, length + 1);
  long parent = Call(SYS_fcntl, roots.inside, F_DUPFD_CLOEXEC, 0);
  for (char* name = path; parent >= 0;) {
    while (*name == '/') ++name;
    if (*name == '\0') break;
    char* end = name + strcspn(name, "/");
    const char after = *end;
    *end = '\0';
    const bool last = end[after == '\0' ? 0 : 1 + strspn(end + 1, "/")] == '\0';
    long next = sys::OpenInRoot(roots.inside, path, O_PATH);
    if (next == -ENOENT) {
      next = MakeEntry(roots, static_cast<int>(parent), name, is_directory || !last);
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
  long fd = sys::OpenInRoot(roots.inside, target.path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  if (fd == -ENOENT && target.create) fd = CreateInside(roots, target.path, is_directory);
  Check(plan, stage, fd, target.path);
  struct stat status{};
  Check(plan, stage, sys::Stat(static_cast<int>(fd), &status), target.path);
  if (IsRoot(roots, status)) Fail(plan, stage, -EBUSY, target.path);
  if (is_directory && !S_ISDIR(status.st_mode)) Fail(plan, stage, -ENOTDIR, target.path);
  if (!is_directory && S_ISDIR(status.st_mode)) Fail(plan, stage, -EISDIR, target.path);
  return static_cast<int>(fd);
}

}  // namespace

int NewTmpfs(const SpawnPlan& plan, Roots* roots, const TmpfsOptions& options, Stage stage, const char* subject) {
  const long tree =
      sys::NewMount("tmpfs", {{"size", options.size}, {"mode", options.mode}}, sys::kMountNoSuid | sys::kMountNoDev);
  Check(plan, stage, tree, subject);
  struct stat status{};
  Check(plan, stage, sys::Stat(static_cast<int>(tree), &status), subject);
  roots->made[roots->made_count++] = status.st_dev;
  return static_cast<int>(tree);
}

int CopyOutside(const SpawnPlan& plan, const Roots& roots, const char* path, Stage stage, const char* subject) {
  const long source = sys::OpenInRoot(roots.outside, path, O_PATH);
  Check(plan, stage, source, subject);
  const long tree = sys::CopyTree(static_cast<int>(source), "", AT_EMPTY_PATH);
  Check(plan, stage, tree, subject);
  Call(SYS_close, source);
  return static_cast<int>(tree);
}

void MountInside(const SpawnPlan& plan, const Roots& roots, int tree, const Target& target) {
  const int fd = OpenTarget(plan, roots, target, IsDirectory(plan, tree, target.stage, target.path));
  Check(plan, target.stage, sys::MoveMount(tree, fd), target.path);
  Call(SYS_close, fd);
  Call(SYS_close, tree);
}

void MakeMount(const SpawnPlan& plan, Roots* roots, const RootMount& mount) {
  int tree = -1;
  if (mount.from == nullptr) {
    tree = NewTmpfs(plan, roots, mount.tmpfs, Stage::kRootMount, mount.to);
  } else {
    tree = CopyOutside(plan, *roots, mount.from, Stage::kRootSource, mount.from);
    if (mount.read_only) Check(plan, Stage::kRootReadOnly, sys::SetMountReadOnly(tree, sys::kAtRecursive), mount.to);
  }
  MountInside(plan, *roots, tree, {Stage::kRootMount, mount.to, mount.create});
}

void Hide(const SpawnPlan& plan, const Roots& roots, const char* path) {
  const long found = sys::OpenInRoot(roots.inside, path, O_PATH);
  if (found == -ENOENT || found == -ENOTDIR) return;
  Check(plan, Stage::kRootHide, found, path);
  const bool is_directory = IsDirectory(plan, static_cast<int>(found), Stage::kRootHide, path);
  Call(SYS_close, found);
  long tree = -1;
  if (is_directory) {
    tree = sys::NewMount("tmpfs", {{"mode", "755"}},
                         sys::kMountReadOnly | sys::kMountNoSuid | sys::kMountNoDev | sys::kMountNoExec);
    Check(plan, Stage::kRootHide, tree, path);
  } else {
    tree = CopyOutside(plan, roots, kNull, Stage::kRootHide, path);
  }
  MountInside(plan, roots, static_cast<int>(tree), {Stage::kRootHide, path, false});
}

}  // namespace memcage

#include "clone/root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>

#include "clone/child.h"
#include "clone/root_dev.h"
#include "clone/root_mounts.h"
#include "sys/mount_calls.h"
#include "sys/stat.h"

namespace memcage {
namespace {

using sys::Call;

int CopyRoot(const SpawnPlan& plan) {
  const RootPlan& root = *plan.root;
  const char* path = root.path == nullptr ? "/" : root.path;
  const long tree = sys::CopyTree(AT_FDCWD, path, 0);
  Check(plan, Stage::kRoot, tree, path);
  struct stat status{};
  Check(plan, Stage::kRoot, sys::Stat(static_cast<int>(tree), &status), path);
  if (!S_ISDIR(status.st_mode)) Fail(plan, Stage::kRoot, -ENOTDIR, path);
  if (root.read_only)
    Check(plan, Stage::kRootReadOnly, sys::SetMountReadOnly(static_cast<int>(tree), sys::kAtRecursive), path);
  return static_cast<int>(tree);
}

/**
 * Makes `tree` the root directory. The old root is mounted on top of it until LeaveOutside(). A copy of the old root,
 * made after that, does not have the new one in it.
 */
Roots Pivot(const SpawnPlan& plan, int tree) {
  const long outside = Call(SYS_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  Check(plan, Stage::kRootPivot, outside, "/");
  // pivot_root(2) takes only what is mounted below the root. On top of it there is no need for a directory.
  Check(plan, Stage::kRootPivot, sys::MoveMount(tree, static_cast<int>(outside)), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_fchdir, tree), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_pivot_root, ".", "."), "/");
  return {tree, static_cast<int>(outside)};
}

/** From then on no path leads outside. */
void LeaveOutside(const SpawnPlan& plan, const Roots& roots) {
  Check(plan, Stage::kRootPivot, Call(SYS_fchdir, roots.outside), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_umount2, ".", MNT_DETACH), "/");
  Call(SYS_close, roots.outside);
  // The working directory still is outside.
  Check(plan, Stage::kRootPivot, Call(SYS_fchdir, roots.inside), "/");
}

}  // namespace

void EnterRoot(const SpawnPlan& plan) {
  const RootPlan& root = *plan.root;
  // So that the directories that are made have the modes that are meant. The child may share the parent's memory, but
  // not its mask.
  const long mask = Call(SYS_umask, 0);
  const Roots roots = Pivot(plan, root.empty ? NewTmpfs(plan, root.empty_options, Stage::kRoot, "/") : CopyRoot(plan));
  MountProc(plan, roots);
  if (root.dev) MountDev(plan, roots);
  for (int i = 0; i < root.mount_count; ++i) MakeMount(plan, roots, root.mounts[i]);
  for (int i = 0; i < root.hide_count; ++i) Hide(plan, roots, root.hide[i]);
  LeaveOutside(plan, roots);
  if (root.empty && root.read_only) Check(plan, Stage::kRootReadOnly, sys::SetMountReadOnly(roots.inside, 0), "/");
  Call(SYS_close, roots.inside);
  Call(SYS_umask, mask);
  Check(plan, Stage::kCwd, Call(SYS_chdir, root.cwd), root.cwd);
}

}  // namespace memcage

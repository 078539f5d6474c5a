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

constexpr const char* kOld = "old";
constexpr const char* kNew = "new";
constexpr mode_t kPrivate = 0700;
constexpr TmpfsOptions kStageOptions{"65536", "700"};

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

/** Mounts `tree` on a directory of the stage, which it makes. */
void MountOnStage(const SpawnPlan& plan, int stage, int tree, const char* name) {
  Check(plan, Stage::kRootPivot, Call(SYS_mkdirat, stage, name, kPrivate), "/");
  const long target = Call(SYS_openat, stage, name, O_PATH | O_CLOEXEC, 0);
  Check(plan, Stage::kRootPivot, target, "/");
  Check(plan, Stage::kRootPivot, sys::MoveMount(tree, static_cast<int>(target)), "/");
  Call(SYS_close, target);
}

/**
 * Enters a stage, which has the old root and the new one beside each other. If one lay on top of the other, ".." would
 * lead from its root into the other, and a copy of it would have the other in it.
 */
void EnterStage(const SpawnPlan& plan, Roots* roots) {
  const int stage = NewTmpfs(plan, roots, kStageOptions, Stage::kRootPivot, "/");
  // pivot_root(2) takes only what is mounted below the root. On top of it there is no need for a directory.
  const long root = Call(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
  Check(plan, Stage::kRootPivot, root, "/");
  Check(plan, Stage::kRootPivot, sys::MoveMount(stage, static_cast<int>(root)), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_fchdir, stage), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_mkdirat, stage, kOld, kPrivate), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_pivot_root, ".", kOld), "/");
  MountOnStage(plan, stage, roots->inside, kNew);
  Call(SYS_close, stage);
  roots->outside = static_cast<int>(root);
}

/** From then on no path leads outside. */
void LeaveStage(const SpawnPlan& plan, const Roots& roots) {
  Call(SYS_close, roots.outside);
  Check(plan, Stage::kRootPivot, Call(SYS_fchdir, roots.inside), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_pivot_root, ".", "."), "/");
  // The stage, which is on top of it now, and the old root with it.
  Check(plan, Stage::kRootPivot, Call(SYS_umount2, ".", MNT_DETACH), "/");
}

}  // namespace

void EnterRoot(const SpawnPlan& plan) {
  const RootPlan& root = *plan.root;
  // So that the directories that are made have the modes that are meant. The child may share the parent's memory, but
  // not its mask.
  const long mask = Call(SYS_umask, 0);
  Roots roots;
  roots.inside = root.empty ? NewTmpfs(plan, &roots, root.empty_options, Stage::kRoot, "/") : CopyRoot(plan);
  EnterStage(plan, &roots);
  MountProc(plan, roots);
  if (root.dev) MountDev(plan, &roots);
  for (int i = 0; i < root.mount_count; ++i) MakeMount(plan, &roots, root.mounts[i]);
  for (int i = 0; i < root.hide_count; ++i) Hide(plan, roots, root.hide[i]);
  LeaveStage(plan, roots);
  if (root.empty && root.read_only) Check(plan, Stage::kRootReadOnly, sys::SetMountReadOnly(roots.inside, 0), "/");
  Call(SYS_close, roots.inside);
  Call(SYS_umask, mask);
  Check(plan, Stage::kCwd, Call(SYS_chdir, root.cwd), root.cwd);
}

}  // namespace memcage

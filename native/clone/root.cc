#include "clone/root.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>

#include "clone/child.h"
#include "clone/root_dev.h"
#include "clone/root_mounts.h"
#include "clone/root_proc.h"
#include "sys/mount_calls.h"

namespace memcage {
namespace {

using sys::Call;

constexpr const char* kMountNamespace = "/proc/self/ns/mnt";
constexpr const char* kOld = "old";
constexpr const char* kNew = "new";
constexpr mode_t kPrivate = 0700;
constexpr mode_t kEveryone = 0755;
constexpr TmpfsOptions kStageOptions{"65536", "700"};

int CopyRoot(const SpawnPlan& plan, const Roots& roots) {
  const RootPlan& root = *plan.root;
  const char* path = root.path == nullptr ? "/" : root.path;
  const sys::Result source = sys::OpenInRoot(roots.outside, path, O_PATH | O_DIRECTORY);
  const int tree = CopyOpened(plan, source, Stage::kRoot, path);
  if (root.read_only) Check(plan, Stage::kRootReadOnly, sys::SetMountReadOnly(tree, sys::kAtRecursive), path);
  return tree;
}

int OpenRoot(const SpawnPlan& plan) {
  const sys::Result root = Call(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
  Check(plan, Stage::kRootPivot, root, "/");
  return root.as_int();
}

/** Mounts `tree` on a directory of the stage, which it makes. */
void MountOnStage(const SpawnPlan& plan, int stage, int tree, const char* name) {
  Check(plan, Stage::kRootPivot, Call(SYS_mkdirat, stage, name, kPrivate), "/");
  const sys::Result target = Call(SYS_openat, stage, name, O_PATH | O_CLOEXEC, 0);
  Check(plan, Stage::kRootPivot, target, "/");
  Check(plan, Stage::kRootPivot, sys::MoveMount(tree, target.as_int()), "/");
  Call(SYS_close, target);
}

/**
 * Enters a stage, which has the old root and the new one beside each other. If one lay on top of the other, ".." would
 * lead from its root into the other, and a copy of it would have the other in it.
 */
void EnterStage(const SpawnPlan& plan, Roots* roots) {
  const int stage = NewTmpfs(plan, roots, kStageOptions, Stage::kRootPivot, "/");
  // pivot_root(2) takes only what is mounted below the root. On top of it there is no need for a directory.
  const int root = OpenRoot(plan);
  Check(plan, Stage::kRootPivot, sys::MoveMount(stage, root), "/");
  Call(SYS_close, root);
  Check(plan, Stage::kRootPivot, Call(SYS_fchdir, stage), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_mkdirat, stage, kOld, kPrivate), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_mkdirat, stage, kEmptyOnStage + 1, kEveryone), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_pivot_root, ".", kOld), "/");
  MountOnStage(plan, stage, roots->inside, kNew);
  Call(SYS_close, stage);
}

bool IsWithin(const char* path, const char* directory) {
  const size_t length = strlen(directory);
  return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

bool IsToBeHidden(const RootPlan& root, const char* path) {
  for (const char* hidden : root.hide) {
    if (IsWithin(path, hidden)) return true;
  }
  return false;
}

void RefuseIfCovered(const SpawnPlan& plan, const Roots& roots, uint64_t mount, Stage stage, const char* path) {
  if (mount == 0) return;
  const sys::Result found = sys::OpenInRoot(roots.inside, path, O_PATH);
  const bool is_there = found >= 0 && sys::MountId(found.as_int()) == mount;
  if (found >= 0) Call(SYS_close, found);
  if (!is_there && !IsToBeHidden(*plan.root, path)) Fail(plan, stage, {-EBUSY}, path);
}

/**
 * Fails if something that was mounted is not found at its path: a symbolic link inside has led another target to the
 * same place, or above it. What a path of `hide` has in it is meant to be covered. Before Linux 5.8 it can't tell.
 */
void RefuseCovered(const SpawnPlan& plan, const Roots& roots) {
  RefuseIfCovered(plan, roots, roots.proc, Stage::kRootProc, "/proc");
  RefuseIfCovered(plan, roots, roots.dev, Stage::kRootDev, "/dev");
  for (size_t i = 0; i < plan.root->mounts.size(); ++i)
    RefuseIfCovered(plan, roots, roots.mounts[i], Stage::kRootTarget, plan.root->mounts[i].to);
}

/** Afterwards neither a path nor a link of a file system leads outside, only what is open, and processes outside. */
void LeaveStage(const SpawnPlan& plan, const Roots& roots) {
  Call(SYS_close, roots.outside);
  Check(plan, Stage::kRootPivot, Call(SYS_fchdir, roots.inside), "/");
  Check(plan, Stage::kRootPivot, Call(SYS_pivot_root, ".", "."), "/");
  // The stage, which is on top of it now, and the old root with it.
  Check(plan, Stage::kRootPivot, Call(SYS_umount2, ".", MNT_DETACH), "/");
}

/** openat2(2) looks the directory up, not chdir(2): a link to /proc/self/fd/3 or /proc/PID/root may lead outside. */
void EnterDirectory(const SpawnPlan& plan, const Roots& roots) {
  const char* path = plan.root->cwd;
  const sys::Result directory = sys::OpenInRoot(roots.inside, path, O_PATH | O_DIRECTORY);
  Check(plan, Stage::kCwd, directory, path);
  Check(plan, Stage::kCwd, Call(SYS_fchdir, directory), path);
  Call(SYS_close, directory);
}

}  // namespace

int LeaveChroot(const SpawnPlan& plan) {
  const int root = OpenRoot(plan);
  const sys::Result own = Call(SYS_openat, AT_FDCWD, kMountNamespace, O_RDONLY | O_CLOEXEC, 0);
  Check(plan, Stage::kRootPivot, own, kMountNamespace);
  // See setns(2): to enter the namespace where one already is makes its root the root.
  Check(plan, Stage::kRootPivot, Call(SYS_setns, own, CLONE_NEWNS), kMountNamespace);
  Call(SYS_close, own);
  return root;
}

void EnterRoot(const SpawnPlan& plan, int outside) {
  const RootPlan& root = *plan.root;
  // The directories that are made are to have the modes that are meant. The child may share the parent's memory, but
  // not its mask.
  const long mask = Call(SYS_umask, 0);
  Roots roots;
  roots.outside = outside;
  roots.inside = root.empty ? NewTmpfs(plan, &roots, root.empty_options, Stage::kRoot, "/") : CopyRoot(plan, roots);
  EnterStage(plan, &roots);
  MountProc(plan, &roots);
  if (root.dev) MountDev(plan, &roots);
  MakeMounts(plan, &roots);
  for (const char* path : root.hide) Hide(plan, roots, path);
  RefuseCovered(plan, roots);
  LeaveStage(plan, roots);
  if (root.empty && root.read_only) Check(plan, Stage::kRootReadOnly, sys::SetMountReadOnly(roots.inside, 0), "/");
  EnterDirectory(plan, roots);
  Call(SYS_close, roots.inside);
  Call(SYS_umask, mask);
}

}  // namespace memcage

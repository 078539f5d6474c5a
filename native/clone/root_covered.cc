#include "clone/root_covered.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "clone/child.h"
#include "sys/mount_calls.h"

namespace memcage {
namespace {

using sys::Call;

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

}  // namespace

void RefuseCovered(const SpawnPlan& plan, const Roots& roots) {
  RefuseIfCovered(plan, roots, roots.proc, Stage::kRootProc, "/proc");
  RefuseIfCovered(plan, roots, roots.dev, Stage::kRootDev, "/dev");
  for (size_t i = 0; i < plan.root->mounts.size(); ++i)
    RefuseIfCovered(plan, roots, roots.mounts[i], Stage::kRootTarget, plan.root->mounts[i].to);
}

}  // namespace memcage

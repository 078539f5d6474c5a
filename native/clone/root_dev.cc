#include "clone/root_dev.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "clone/child.h"
#include "sys/mount_calls.h"

namespace memcage {
namespace {

using sys::Call;

constexpr const char* kDev = "/dev";
constexpr const char* kPts = "/dev/pts";
constexpr const char* kShm = "/dev/shm";

/** For names alone: what lies in /dev/shm is on a tmpfs of its own. */
constexpr TmpfsOptions kDevOptions{"65536", "755"};
constexpr TmpfsOptions kShmOptions{nullptr, "1777"};

constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};

struct Link {
  const char* path;
  const char* target;
};
constexpr Link kLinks[] = {
    {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"}, {"/dev/ptmx", "pts/ptmx"},
};

const char* NameInDev(const char* path) { return path + sizeof("/dev/") - 1; }

void MakeDirectory(const SpawnPlan& plan, int dev, const char* path) {
  constexpr mode_t kMode = 0755;
  Check(plan, Stage::kRootDev, Call(SYS_mkdirat, dev, NameInDev(path), kMode), path);
}

/** Mounts `tree` on a path of our own /dev, and closes it. */
void MountOn(const SpawnPlan& plan, int dev, const char* path, int tree) {
  const sys::Result target = Call(SYS_openat, dev, NameInDev(path), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  Check(plan, Stage::kRootDev, target, path);
  Check(plan, Stage::kRootDev, sys::MoveMount(tree, target.as_int()), path);
  Call(SYS_close, target);
  Call(SYS_close, tree);
}

}  // namespace

void MountDev(const SpawnPlan& plan, Roots* roots) {
  const int dev = NewTmpfs(plan, roots, kDevOptions, Stage::kRootDev, kDev);
  roots->dev = MountInside(plan, *roots, dev, {Stage::kRootDev, kDev, plan.root->empty});
  for (const char* path : kDevices) {
    Check(plan, Stage::kRootDev, Call(SYS_mknodat, dev, NameInDev(path), S_IFREG, 0), path);
    MountOn(plan, dev, path, CopyDevice(plan, *roots, path, Stage::kRootDev, path));
  }
  for (const auto& [path, to] : kLinks)
    Check(plan, Stage::kRootDev, Call(SYS_symlinkat, to, dev, NameInDev(path)), path);
  MakeDirectory(plan, dev, kPts);
  const sys::Result pts =
      sys::NewMount("devpts", {{"ptmxmode", "0666"}, {"mode", "620"}}, sys::kMountNoSuid | sys::kMountNoExec);
  Check(plan, Stage::kRootDev, pts, kPts);
  MountOn(plan, dev, kPts, pts.as_int());
  MakeDirectory(plan, dev, kShm);
  MountOn(plan, dev, kShm, NewTmpfs(plan, roots, kShmOptions, Stage::kRootDev, kShm));
  Call(SYS_close, dev);
}

}  // namespace memcage

#include "clone/root_dev.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "clone/child.h"
#include "sys/mount_calls.h"

namespace memcage {
namespace {

using sys::Call;

constexpr const char* kProc = "/proc";
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

}  // namespace

void MountProc(const SpawnPlan& plan, const Roots& roots) {
  const RootPlan& root = *plan.root;
  if (root.proc == RootProc::kKeep) return;
  long tree = -1;
  if (root.proc == RootProc::kBind) {
    tree = CopyOutside(plan, roots, kProc, Stage::kRootProc, kProc);
  } else {
    // Of the options of proc(5), none.
    tree = sys::NewMount("proc", {{"source", "proc"}}, sys::kMountNoSuid | sys::kMountNoDev | sys::kMountNoExec);
    Check(plan, Stage::kRootProc, tree, kProc);
  }
  MountInside(plan, roots, static_cast<int>(tree), {Stage::kRootProc, kProc, root.empty});
}

void MountDev(const SpawnPlan& plan, Roots* roots) {
  const auto target = [](const char* path) { return Target{Stage::kRootDev, path, false}; };
  MountInside(plan, *roots, NewTmpfs(plan, roots, kDevOptions, Stage::kRootDev, kDev),
              {Stage::kRootDev, kDev, plan.root->empty});
  const long dev = sys::OpenInRoot(roots->inside, kDev, O_PATH | O_DIRECTORY);
  Check(plan, Stage::kRootDev, dev, kDev);
  const int fd = static_cast<int>(dev);
  for (const char* path : kDevices) {
    Check(plan, Stage::kRootDev, Call(SYS_mknodat, fd, NameInDev(path), S_IFREG, 0), path);
    MountInside(plan, *roots, CopyOutside(plan, *roots, path, Stage::kRootDev, path), target(path));
  }
  for (const auto& [path, to] : kLinks)
    Check(plan, Stage::kRootDev, Call(SYS_symlinkat, to, fd, NameInDev(path)), path);
  MakeDirectory(plan, fd, kPts);
  MakeDirectory(plan, fd, kShm);
  Call(SYS_close, dev);
  const long pts =
      sys::NewMount("devpts", {{"ptmxmode", "0666"}, {"mode", "620"}}, sys::kMountNoSuid | sys::kMountNoExec);
  Check(plan, Stage::kRootDev, pts, kPts);
  MountInside(plan, *roots, static_cast<int>(pts), target(kPts));
  MountInside(plan, *roots, NewTmpfs(plan, roots, kShmOptions, Stage::kRootDev, kShm), target(kShm));
}

}  // namespace memcage

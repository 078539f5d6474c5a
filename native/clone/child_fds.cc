#include "clone/child_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "clone/child.h"
#include "clone/close_fds.h"
#include "sys/mount_calls.h"

namespace memcage {
namespace {

using sys::Call;
using sys::Result;

/** Moves a parent's fd out of the way if a dup2 below would overwrite its number before its turn. */
Result MoveAbove(int fd, int count) { return Call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, count); }

/**
 * In a root of its own the child gets it on a read-only mount: by fchmod(2) it could change the device of the machine.
 * Before Linux 5.12 it can. Where memcage makes the /dev, that has the mount, and UseNullInside() is quicker than a
 * copy that is given back: the kernel waits then for all who look at mounts.
 */
Result OpenNull(const SpawnPlan& plan, int mode) {
  const bool is_copied = plan.root != nullptr && !plan.root->dev;
  const Result dev = is_copied ? sys::CopyTree(AT_FDCWD, "/dev", 0) : Result{-1};
  // Where there is no copy, there will be no root either: the step that makes it says why.
  if (dev < 0) return Call(SYS_openat, AT_FDCWD, "/dev/null", mode | O_CLOEXEC, 0);
  Result result = sys::SetMountReadOnly(dev.as_int(), sys::kAtRecursive);
  if (result == -ENOSYS || result >= 0) result = Call(SYS_openat, dev, "null", mode | O_CLOEXEC, 0);
  Call(SYS_close, dev);
  return result;
}

/** The first number that is not the program's. */
int FirstOtherFd(const SpawnPlan& plan) { return std::max(static_cast<int>(plan.stdio.size()), STDERR_FILENO + 1); }

}  // namespace

void SetUpStdio(const SpawnPlan& plan) {
  // The parent may share the plan's array, so the moved numbers are kept in this frame.
  constexpr int kMaxStdio = 4096;
  int source[kMaxStdio];
  const int count = static_cast<int>(plan.stdio.size());
  if (count > kMaxStdio) Fail(plan, Stage::kStdio, {-EINVAL}, nullptr, count);
  for (int i = 0; i < count; ++i) {
    source[i] = plan.stdio[static_cast<size_t>(i)];
    if (source[i] < 0 || source[i] >= i) continue;
    const Result moved = MoveAbove(source[i], count);
    Check(plan, Stage::kStdio, moved, nullptr, source[i]);
    source[i] = moved.as_int();
  }
  for (int i = 0; i < count; ++i) {
    if (source[i] < 0) {
      if (i > STDERR_FILENO) {
        Call(SYS_close, i);
        continue;
      }
      const Result null = OpenNull(plan, i == STDIN_FILENO ? O_RDONLY : O_RDWR);
      Check(plan, Stage::kStdio, null, "/dev/null");
      if (null == i) {
        Check(plan, Stage::kStdio, Call(SYS_fcntl, i, F_SETFD, 0), "/dev/null", i);
      } else {
        Check(plan, Stage::kStdio, Call(SYS_dup3, null, i, 0), "/dev/null", i);
        Call(SYS_close, null);
      }
      continue;
    }
    const int fd = plan.stdio[static_cast<size_t>(i)];
    if (source[i] == i) {
      Check(plan, Stage::kStdio, Call(SYS_fcntl, i, F_SETFD, 0), nullptr, fd);
    } else {
      Check(plan, Stage::kStdio, Call(SYS_dup3, source[i], i, 0), nullptr, fd);
    }
    if (i > STDERR_FILENO) continue;
    // Programs expect blocking standard streams; libuv does the same.
    const Result flags = Call(SYS_fcntl, i, F_GETFL);
    Check(plan, Stage::kStdio, flags, nullptr, fd);
    if ((flags & O_NONBLOCK) != 0) Call(SYS_fcntl, i, F_SETFL, flags & ~O_NONBLOCK);
  }
}

void UseNullInside(const SpawnPlan& plan) {
  if (plan.root == nullptr || !plan.root->dev) return;
  const int count = std::min(static_cast<int>(plan.stdio.size()), STDERR_FILENO + 1);
  for (int i = 0; i < count; ++i) {
    if (plan.stdio[static_cast<size_t>(i)] >= 0) continue;
    const int mode = i == STDIN_FILENO ? O_RDONLY : O_RDWR;
    const Result null = Call(SYS_openat, AT_FDCWD, "/dev/null", mode | O_CLOEXEC, 0);
    Check(plan, Stage::kStdio, null, "/dev/null");
    Check(plan, Stage::kStdio, Call(SYS_dup3, null, i, 0), "/dev/null", i);
    Call(SYS_close, null);
  }
}

int OpenOutside(const SpawnPlan& plan) {
  if (!plan.file_outside && plan.program_fd < 0) return -1;
  Result low{plan.program_fd};
  if (plan.program_fd < 0) low = Call(SYS_openat, AT_FDCWD, plan.file, O_PATH | O_CLOEXEC, 0);
  Check(plan, Stage::kExec, low, plan.file);
  const Result fd = MoveAbove(low.as_int(), FirstOtherFd(plan));
  Check(plan, Stage::kExec, fd, plan.file);
  Call(SYS_close, low);
  return fd.as_int();
}

void CloseOtherFds(const SpawnPlan& plan, int program) {
  const SparedFds spared = {plan.parent_pidfd, plan.exec_fd, program};
  Check(plan, Stage::kCloseFds, CloseFdsFrom(FirstOtherFd(plan), spared), "/proc/self/fd");
}

}  // namespace memcage

#include "clone/child_starter.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "clone/child.h"
#include "clone/clone_call.h"
#include "clone/exec_paths.h"
#include "sys/call_names.h"
#include "sys/errors.h"
#include "sys/memory.h"
#include "sys/own_stack.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

/** Blocks every signal for the calling thread, including those that the C library keeps for itself. */
class SignalBlock {
 public:
  SignalBlock() {
    const uint64_t all = ~uint64_t{0};
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &previous_, sizeof(previous_));
  }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;
  ~SignalBlock() { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &previous_, nullptr, sizeof(previous_)); }

 private:
  uint64_t previous_ = 0;
};

/** Reaps a child that failed before exec and is ending. */
void Reap(int pidfd) {
  siginfo_t info{};
  sys::WaitPidfd(pidfd, &info, WEXITED, nullptr);
}

std::string Subject(const Report& report) {
  if (report.subject != nullptr) return report.subject;
  return report.fd >= 0 ? "fd " + std::to_string(report.fd) : std::string();
}

}  // namespace

Expected<pid_t, CloneFailure> ChildStarter::Start(ChildStart& start, UniqueFd* pidfd) {
  if (const Expected<> ready = ready_watchdog_(); !ready) {
    return CloneFailure{Stage::kWatchdog, ready.error().error, "thread", {}, ready.error().syscall};
  }
  const int error = stack_.Ensure();
  if (error < 0) return CloneFailure{Stage::kClone, error, "stack", {}, "mmap"};
  SpawnPlan& plan = start.plan;
  const int parent = plan.kill_with_parent ? SelfPidfdAbove(static_cast<int>(plan.stdio.size())) : -1;
  if (plan.kill_with_parent && parent < 0) {
    return CloneFailure{Stage::kParentDeath, parent, "pidfd_open", {}, "pidfd_open"};
  }

  Report report{Stage::kClone, 0, nullptr, -1, sys::kNoCall};
  volatile int cloned_pidfd = -1;
  Memory memory(arena_);
  plan.candidates = ExecCandidates(memory, plan.file, plan.envp);
  plan.shell_argv = ShellArguments(memory, plan.argv);
  plan.parent_pidfd = parent;
  plan.new_cgroup_namespace = (start.namespaces & CLONE_NEWCGROUP) != 0;
  plan.report = &report;

  CloneRequest call{};
  call.flags = CLONE_VFORK | CLONE_VM | CLONE_PIDFD | (start.shares_fs ? CLONE_FS : 0) |
               (start.namespaces & ~uint32_t{CLONE_NEWCGROUP});
  call.child_id = const_cast<int*>(&cloned_pidfd);
  call.stack_base = stack_.base();
  call.stack_size = VforkStack::size();
  call.cgroup_fd = start.into_cgroup_fd;

  sys::Result pid;
  bool killed = false;
  {
    const SignalBlock block;
    watchdog_.Arm({thread_, &cloned_pidfd, call.cgroup_fd, start.thaw_fd, start.watchdog_ms});
    sys::OwnStack own_stack(call.stack_base, call.stack_size);
    pid =
        CloneChild(call, [](void* child_plan) -> int { RunChild(*static_cast<const SpawnPlan*>(child_plan)); }, &plan);
    killed = watchdog_.Disarm();
    if (killed) own_stack.ChildWasKilled();
  }
  if (pid < 0) return CloneFailure{Stage::kClone, pid.as_int(), {}, {}, sys::CallName(pid.call)};
  pidfd->Reset(cloned_pidfd);
  if (killed) {
    Reap(pidfd->get());
    return CloneFailure{Stage::kWatchdog, -ETIMEDOUT, plan.file};
  }
  if (!report.has_begun && start.into_cgroup_fd >= 0) {
    Reap(pidfd->get());
    return BornDead();
  }
  if (report.error != 0) {
    Reap(pidfd->get());
    return CloneFailure{report.stage, report.error, Subject(report), {}, sys::CallName(report.call)};
  }
  return static_cast<pid_t>(pid);
}

int ChildStarter::SelfPidfd() {
  if (!self_pidfd_.valid()) {
    const sys::Result fd = sys::PidfdOpen(getpid());
    if (fd < 0) return fd.as_int();
    self_pidfd_ = UniqueFd(fd);
  }
  return self_pidfd_.get();
}

int ChildStarter::SelfPidfdAbove(int count) {
  const int fd = SelfPidfd();
  if (fd < 0 || fd >= count) return fd;
  const int above = fcntl(fd, F_DUPFD_CLOEXEC, count);
  // Beyond the limit of open files, where the stdio fails too and says so.
  if (above < 0 && errno == EINVAL) return fd;
  if (above < 0) return sys::NegativeErrno();
  self_pidfd_.Reset(above);
  return above;
}

}  // namespace memcage

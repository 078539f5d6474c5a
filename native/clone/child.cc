#include "clone/child.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>

#include "clone/child_fds.h"
#include "clone/child_settings.h"
#include "clone/pids_limit.h"
#include "clone/privileges.h"
#include "clone/root.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

// The standard signals are reset, as by libuv. exec itself resets others that have a handler.
constexpr int kLastStandardSignal = 31;

// The layout that the kernel's rt_sigaction(2) takes. It is not the C library's struct sigaction. All zero means
// SIG_DFL without flags on every architecture.
struct KernelSigaction {
  uint64_t words[4];
};
constexpr size_t kKernelSigsetSize = 8;

using sys::Call;
using sys::Result;

}  // namespace

void Fail(const SpawnPlan& plan, Stage stage, sys::Result refused, const char* subject, int fd) {
  plan.report->stage = stage;
  plan.report->subject = subject;
  plan.report->fd = fd;
  plan.report->call = refused.call;
  plan.report->error = refused.as_int();
  if (plan.on_failure != nullptr) plan.on_failure(plan);
  syscall(SYS_exit_group, 127);
  // Only a seccomp filter of the child's own can forbid that. The report is written; end by a fault.
  __builtin_trap();
}

void Check(const SpawnPlan& plan, Stage stage, sys::Result result, const char* subject, int fd) {
  if (result < 0) Fail(plan, stage, result, subject, fd);
}

namespace {

Result Open(const char* path, int flags) { return Call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0); }

void ResetSignals(const SpawnPlan& plan) {
  const KernelSigaction fallback{};
  for (int signal = 1; signal <= kLastStandardSignal; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    Check(plan, Stage::kSignals, Call(SYS_rt_sigaction, signal, &fallback, nullptr, kKernelSigsetSize));
  }
}

void UnblockSignals(const SpawnPlan& plan) {
  const uint64_t none = 0;
  Check(plan, Stage::kSignals, Call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kKernelSigsetSize));
}

void JoinCgroups(const SpawnPlan& plan) {
  for (const int fd : plan.join_fds) Check(plan, Stage::kCgroup, Call(SYS_write, fd, "0", 1), nullptr, fd);
  if (plan.pids_fd >= 0) Check(plan, Stage::kCgroup, PidsRefusal(plan.pids_fd), "pids.max");
  // After the join, so that the root of the new namespace is the cage: CLONE_NEWCGROUP in the clone would make the
  // parent's cgroup the root. See cgroup_namespaces(7).
  if (plan.new_cgroup_namespace) {
    Check(plan, Stage::kCgroupNamespace, Call(SYS_unshare, CLONE_NEWCGROUP));
  }
}

void UnshareNamespaces(const SpawnPlan& plan) {
  if (plan.unshare != 0) Check(plan, Stage::kUnshare, Call(SYS_unshare, plan.unshare));
}

void WriteFile(const SpawnPlan& plan, const char* path, const char* text) {
  const Result fd = Open(path, O_WRONLY);
  Check(plan, Stage::kIdMaps, fd, path);
  Check(plan, Stage::kIdMaps, Call(SYS_write, fd, text, strlen(text)), path);
  Call(SYS_close, fd);
}

/** Returns once others have written the id maps; see IdMapper. */
void AwaitIdMaps(const SpawnPlan& plan) {
  const int fd = plan.id_mapper_fd;
  char byte = 0;
  Check(plan, Stage::kIdMaps, Call(SYS_write, fd, &byte, 1));
  const Result length = Call(SYS_read, fd, &byte, 1);
  Check(plan, Stage::kIdMaps, length);
  if (length == 0) Fail(plan, Stage::kIdMaps, {-ECANCELED}, nullptr);
  Call(SYS_close, fd);
}

void MapIds(const SpawnPlan& plan) {
  if (plan.id_mapper_fd >= 0) AwaitIdMaps(plan);
  if (plan.uid_map == nullptr) return;
  // user_namespaces(7): setgroups must be denied before an unprivileged gid_map (Linux 3.19).
  WriteFile(plan, "/proc/self/setgroups", "deny");
  WriteFile(plan, "/proc/self/uid_map", plan.uid_map);
  WriteFile(plan, "/proc/self/gid_map", plan.gid_map);
}

void BringLoopbackUp(const SpawnPlan& plan) {
  const Result fd = Call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Check(plan, Stage::kLoopback, fd, "lo");
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  Check(plan, Stage::kLoopback, Call(SYS_ioctl, fd, SIOCGIFFLAGS, &request), "lo");
  request.ifr_flags = static_cast<decltype(request.ifr_flags)>(request.ifr_flags | IFF_UP);
  Check(plan, Stage::kLoopback, Call(SYS_ioctl, fd, SIOCSIFFLAGS, &request), "lo");
  Call(SYS_close, fd);
}

/** Whether execvp(3) tries the next directory of PATH after this error. */
bool TryNextDirectory(long error) {
  return error == -ENOENT || error == -ENOTDIR || error == -EACCES || error == -ESTALE || error == -ENODEV ||
         error == -ETIMEDOUT;
}

}  // namespace

void EnterCage(const SpawnPlan& plan) {
  JoinCgroups(plan);
  UnshareNamespaces(plan);
  MapIds(plan);
}

void FillNamespaces(const SpawnPlan& plan) {
  if (plan.hostname != nullptr) {
    Check(plan, Stage::kHostname, Call(SYS_sethostname, plan.hostname, strlen(plan.hostname)), plan.hostname);
  }
  const int outside = plan.root == nullptr ? -1 : LeaveChroot(plan);
  if (plan.private_mounts) {
    Check(plan, Stage::kMounts, Call(SYS_mount, nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "/");
  }
  if (plan.root != nullptr) EnterRoot(plan, outside);
  if (plan.mount_proc) {
    Check(plan, Stage::kProc, Call(SYS_mount, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr),
          "/proc");
  }
  if (plan.loopback) BringLoopbackUp(plan);
}

void DropPrivileges(const SpawnPlan& plan) {
  BeginToDrop(plan);
  // Raw calls: the C library's wrappers would signal every thread of the parent to do the same.
  if (plan.groups) {
    Check(plan, Stage::kGroups, Call(SYS_setgroups, plan.groups->size(), plan.groups->data()));
  } else if (plan.uid || plan.gid) {
    // Supplementary groups are dropped if that is allowed, as by libuv. Who may not drop them has none that matter.
    const Result result = Call(SYS_setgroups, 0, nullptr);
    if (result < 0 && result != -EPERM) Fail(plan, Stage::kGroups, result, nullptr);
  }
  if (plan.gid) Check(plan, Stage::kGid, Call(SYS_setgid, *plan.gid));
  if (plan.uid) Check(plan, Stage::kUid, Call(SYS_setuid, *plan.uid));
  KeepCapabilities(plan);
  if (plan.keep_capabilities) KeepCapabilitiesOverExec();
}

void DieWithParent(const SpawnPlan& plan) {
  if (!plan.kill_with_parent) return;
  // After setuid, which clears it. See PR_SET_PDEATHSIG in prctl(2).
  Check(plan, Stage::kParentDeath, Call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
  // The parent may have died before that. getppid() doesn't say: it is 0 in a new PID namespace.
  pollfd parent{};
  parent.fd = plan.parent_pidfd;
  parent.events = POLLIN;
  timespec now{};
  const Result ready = Call(SYS_ppoll, &parent, 1, &now, nullptr, 0);
  Check(plan, Stage::kParentDeath, ready);
  if (ready > 0) Fail(plan, Stage::kParentDeath, {-ESRCH}, nullptr);
}

namespace {

[[noreturn]] void ExecOpened(const SpawnPlan& plan, int program) {
  Fail(plan, Stage::kExec, Call(SYS_execveat, program, "", plan.argv, plan.envp, AT_EMPTY_PATH), plan.file);
}

}  // namespace

void Exec(const SpawnPlan& plan) {
  Result error{-ENOENT, SYS_execve};
  bool denied = false;
  for (const char* const* candidate = plan.candidates; *candidate != nullptr; ++candidate) {
    error = Call(SYS_execve, *candidate, plan.argv, plan.envp);
    if (error == -ENOEXEC) {
      plan.shell_argv[1] = const_cast<char*>(*candidate);
      error = Call(SYS_execve, plan.shell_argv[0], plan.shell_argv, plan.envp);
    }
    if (error == -EACCES) denied = true;
    if (!TryNextDirectory(error)) Fail(plan, Stage::kExec, error, *candidate);
  }
  Fail(plan, Stage::kExec, denied ? Result{-EACCES, SYS_execve} : error, plan.file);
}

void RunChild(const SpawnPlan& plan) {
  plan.report->has_begun = true;
  ResetSignals(plan);
  if (plan.new_session) Check(plan, Stage::kSession, Call(SYS_setsid));
  EnterCage(plan);
  const int program = OpenOutside(plan);
  SetUpStdio(plan);
  CloseOtherFds(plan, program);
  FillNamespaces(plan);
  UseNullInside(plan);
  if (plan.cwd != nullptr) Check(plan, Stage::kCwd, Call(SYS_chdir, plan.cwd), plan.cwd);
  ApplySettings(plan);
  DropPrivileges(plan);
  DieWithParent(plan);
  FinishSettings(plan);
  if (!plan.hold_signals) UnblockSignals(plan);
  LockPrivileges(plan);
  if (program >= 0) ExecOpened(plan, program);
  Exec(plan);
}

}  // namespace memcage

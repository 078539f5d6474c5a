#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "clone/child.h"
#include "clone/child_settings.h"
#include "clone/close_fds.h"
#include "clone/privileges.h"
#include "guardian/protocol.h"
#include "launcher/arguments.h"
#include "launcher/guard_process.h"
#include "launcher/report.h"
#include "launcher/sealed.h"
#include "launcher/start_children.h"
#include "launcher/supervise.h"
#include "starter/protocol.h"
#include "sys/number.h"
#include "sys/raw_call.h"
#include "sys/stat.h"
#include "sys/syscall_numbers.h"

namespace memcage::launcher {
namespace {

using sys::Call;
using sys::Result;

constexpr int kFirstOther = STDERR_FILENO + 1;
/** The exit status of a launcher that could not start its program. */
constexpr int kNeverStarted = 125;

Task task{};

void Check(const Result& result, Stage stage, const char* subject) {
  if (result < 0) Fail(task.plan, stage, result, subject);
}

void CloseOnExec(int fd, const char* name) {
  if (fd >= 0) Check(Call(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC), Stage::kStdio, name);
}

/** Whether more can be reached by it than what is open: a directory, or what was opened with O_PATH. */
bool LeadsOn(int fd) {
  struct stat status{};
  const long flags = Call(SYS_fcntl, fd, F_GETFL);
  return (flags >= 0 && (flags & O_PATH) != 0) || (sys::Stat(fd, &status) == 0 && S_ISDIR(status.st_mode));
}

/** A caller that reports to nobody may have open what it never meant for the program. Below a report is the stdio. */
void CloseWaysOut() {
  const int first = task.report_fd < kFirstOther ? kFirstOther : task.report_fd + 1;
  const auto close_if_it_leads_on = [](int fd) {
    if (fd != task.plan.pids_fd && LeadsOn(fd)) Call(SYS_close, fd);
  };
  Check(VisitFdsFrom(first, close_if_it_leads_on), Stage::kCloseFds, "/proc/self/fd");
}

void OpenJoins() {
  SpawnPlan& plan = task.plan;
  for (const int fd : plan.join_fds) CloseOnExec(fd, "join");
  for (size_t i = 0; i < task.join_path_count; ++i) {
    const Result fd = Call(SYS_openat, AT_FDCWD, task.join_paths[i], O_WRONLY | O_CLOEXEC, 0);
    Check(fd, Stage::kCgroup, task.join_paths[i]);
    const size_t count = plan.join_fds.size();
    task.join_fds[count] = fd.as_int();
    plan.join_fds = {task.join_fds, count + 1};
  }
}

void OpenPids() {
  SpawnPlan& plan = task.plan;
  CloseOnExec(plan.pids_fd, "pids");
  if (task.pids_path == nullptr) return;
  const Result fd = Call(SYS_openat, AT_FDCWD, task.pids_path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  Check(fd, Stage::kCgroup, task.pids_path);
  plan.pids_fd = fd.as_int();
}

/** A link in a root of the program's own must not lead to them. */
void CloseCgroups() {
  const SpawnPlan& plan = task.plan;
  for (const int fd : plan.join_fds) Call(SYS_close, fd);
  if (plan.pids_fd >= 0) Call(SYS_close, plan.pids_fd);
}

/** Has the end of process `of` end this one. */
void EndWith(pid_t of) {
  const Result pidfd = Call(SYS_pidfd_open, of, 0);
  Check(pidfd, Stage::kParentDeath, "pidfd_open");
  task.plan.parent_pidfd = pidfd.as_int();
  task.plan.kill_with_parent = true;
}

void ObserveParent() {
  if (task.parent == 0) return;
  EndWith(task.parent);
  // Another process may have got the pid before it was opened. Then that is not the parent.
  if (getppid() != task.parent) Fail(task.plan, Stage::kParentDeath, {-ESRCH}, nullptr);
}

/** Waits until the other end of the report says so. If nobody is left to say it, or to be told of a failure, this ends.
 */
void AwaitGate() {
  if (!task.gate) return;
  char byte = 0;
  Result length;
  do {
    pollfd gate{};
    gate.fd = task.report_fd;
    gate.events = POLLIN;
    Check(Call(SYS_ppoll, &gate, 1, nullptr, nullptr, 0), Stage::kInit, "ppoll");
    length = Call(SYS_read, task.report_fd, &byte, 1);
  } while (length == -EAGAIN);
  // Nobody is left who could open the gate, or read a report: so there is nothing to tell but the status. By _exit():
  // a forked child must not flush the streams or run the exit handlers of the process that it was forked from.
  if (length == 0 || length == -ECONNRESET) _exit(kNeverStarted);
  Check(length, Stage::kInit, "gate");
  if (!task.gate_parent) return;
  // The end of the socket shows the death of the parent as a pidfd would, in any PID namespace.
  task.plan.parent_pidfd = task.report_fd;
  task.plan.kill_with_parent = true;
}

/** Orphans come to the first process of a PID namespace anyway. */
void AdoptOrphans() {
  if (getpid() == 1) return;
  Check(Call(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), Stage::kInit, "PR_SET_CHILD_SUBREAPER");
}

/** Returns only in the child. Signals are held. */
void Fork(int status_fd, int inner_status_fd) {
  // The supervisor has none of the program's settings. So the program must not take it over, by ptrace(2) or
  // /proc/PID/mem. In the child, files in /proc/self would not be its own.
  const bool was_dumpable = prctl(PR_GET_DUMPABLE) == 1;
  prctl(PR_SET_DUMPABLE, 0);
  const pid_t child = fork();
  Check({child < 0 ? -errno : 0, SYS_clone}, Stage::kInit, "fork");
  if (child > 0) Supervise({child, status_fd, inner_status_fd});
  if (was_dumpable) prctl(PR_SET_DUMPABLE, 1);
}

/** Forks to enter the new PID and time namespaces: only children enter them. */
void ForkIntoNamespaces() {
  int pipe_fds[2] = {-1, -1};
  Check(Call(SYS_pipe2, pipe_fds, O_CLOEXEC | O_NONBLOCK), Stage::kInit, "pipe2");
  // This process ends with the caller, and the child ends with this process.
  DieWithParent(task.plan);
  EndWith(getpid());
  Fork(-1, pipe_fds[0]);
  task.status_fd = pipe_fds[1];
}

/** Whether it was started as something else than a launcher: the guardian, or a starter. */
bool IsA(int argc, char** argv, const char* version, const char* argument) {
  return argc == 3 && strcmp(argv[1], version) == 0 && strncmp(argv[2], argument, strlen(argument)) == 0;
}

[[noreturn]] void Run(int argc, char** argv, char** envp) {
  if (IsA(argc, argv, guardian::kLauncherVersion, guardian::kArgument)) {
    GuardProcess(sys::LeadingNumber<pid_t>(argv[2] + strlen(guardian::kArgument)));
  }
  if (IsA(argc, argv, starter::kLauncherVersion, starter::kArgument)) StartChildren();
  SpawnPlan& plan = task.plan;
  static Report report{Stage::kInit, 0, nullptr, -1, sys::kNoCall};
  plan.report = &report;
  const char* wrong = ReadArguments(argc, argv, envp, &task);
  if (wrong != nullptr) RefuseArgument(wrong);
  plan.on_failure = [](const SpawnPlan& failed) { SendReport(*failed.report, task.report_fd); };
  // Before exec closes fds. The root of a container can write to its files anyway.
  if (task.init && !task.entry_point) Check(RunSealed(argv, envp), Stage::kInit, "/proc/self/exe");
  const bool forks = task.fork || task.init;
  // From here to the program: pid 1 of a PID namespace drops every signal that it neither holds nor handles.
  SignalState signals{};
  if (forks) Check(HoldSignals(&signals), Stage::kInit, "rt_sigprocmask");
  // Whoever started the launcher has blocked all of them, and the program is to block none.
  if (task.signals_held) sigemptyset(&signals.mask);
  // What the program before has inherited, and never marked: only standard streams are the command's.
  if (task.entry_point) CloseFdsFrom(kFirstOther);
  if (plan.root != nullptr) CloseWaysOut();
  CloseOnExec(task.report_fd, "report");
  CloseOnExec(task.status_fd, "status");
  ObserveParent();
  OpenJoins();
  OpenPids();
  EnterCage(plan);
  CloseCgroups();
  if (task.fork) ForkIntoNamespaces();
  FillNamespaces(plan);
  if (task.entry_point) AdoptOrphans();
  if (task.init) {
    DieWithParent(plan);
    plan.kill_with_parent = false;
    Fork(task.status_fd, -1);
  }
  if (forks) Check(RestoreSignals(signals), Stage::kSignals, "rt_sigprocmask");
  AwaitGate();
  ApplySettings(plan);
  DropPrivileges(plan);
  DieWithParent(plan);
  FinishSettings(plan);
  LockPrivileges(plan);
  Exec(plan);
}

}  // namespace
}  // namespace memcage::launcher

int main(int argc, char** argv, char** envp) { memcage::launcher::Run(argc, argv, envp); }

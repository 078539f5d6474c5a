#include "launcher/supervise.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "clone/close_fds.h"
#include "sys/raw_call.h"

namespace memcage::launcher {
namespace {

using sys::Call;

constexpr int kStatusFd = 0;
constexpr int kInnerStatusFd = 1;
constexpr int kWaits = 3;

/** `fd` becomes `to`. Where that fails, or there is none, `to` is closed: another file must not be taken for it. */
void Become(int fd, int to) {
  int result = -1;
  do {
    result = fd < 0 ? -1 : dup2(fd, to);
  } while (result < 0 && fd >= 0 && (errno == EINTR || errno == EBUSY));
  if (result < 0) close(to);
}

/** Closes all but the two fds here: a pipe that the program closes must look closed. */
void KeepOnly(int status_fd, int inner_status_fd) {
  // Move it above both numbers first, so that neither overwrites the other.
  const int status = status_fd < 0 ? -1 : fcntl(status_fd, F_DUPFD, 2);
  const int inner = inner_status_fd < 0 ? -1 : fcntl(inner_status_fd, F_DUPFD, 2);
  Become(status, kStatusFd);
  Become(inner, kInnerStatusFd);
  CloseFdsFrom(2);
}

/** How the child of an init ended, if the init reported it; else how the init itself ended. */
int InnerStatus(int otherwise) {
  int status = 0;
  return Call(SYS_read, kInnerStatusFd, &status, sizeof(status)) == sizeof(status) ? status : otherwise;
}

/** Ends so that the parent sees what it would have seen of the child. By _exit(), so that nothing is run or flushed. */
[[noreturn]] void EndAs(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    // The launcher's core file would hide or overwrite the program's.
    const rlimit none{};
    setrlimit(RLIMIT_CORE, &none);
    struct sigaction fallback{};
    sigaction(signal, &fallback, nullptr);
    kill(getpid(), signal);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    // The init of a PID namespace can't end itself by a signal. Its parent learns the status from status_fd.
    _exit(128 + signal);
  }
  _exit(WEXITSTATUS(status));
}

/** Returns if the child has not ended. */
void Reap(const Supervision& supervision) {
  for (int refusals = 0;;) {
    int status = 0;
    const long pid = Call(SYS_wait4, -1, &status, WNOHANG | WUNTRACED | __WALL, nullptr);
    // The child is there until it is reaped here, and its SIGCHLD may have come: then nobody would look again.
    if (pid == 0 || (pid < 0 && ++refusals == kWaits)) return;
    if (pid != supervision.child) continue;
    if (WIFSTOPPED(status)) {
      // A shell with job control is to see its job stopped.
      kill(getpid(), SIGSTOP);
      continue;
    }
    status = InnerStatus(status);
    Call(SYS_write, kStatusFd, &status, sizeof(status));
    EndAs(status);
  }
}

}  // namespace

sys::Result HoldSignals(SignalState* state) {
  // If SIGCHLD were ignored, the kernel would reap children itself.
  struct sigaction fallback{};
  if (sigaction(SIGCHLD, &fallback, &state->child_action) < 0) return {-errno, SYS_rt_sigaction};
  sigset_t all;
  sigfillset(&all);
  return {sigprocmask(SIG_SETMASK, &all, &state->mask) < 0 ? -errno : 0, SYS_rt_sigprocmask};
}

sys::Result RestoreSignals(const SignalState& state) {
  if (sigaction(SIGCHLD, &state.child_action, nullptr) < 0) return {-errno, SYS_rt_sigaction};
  return {sigprocmask(SIG_SETMASK, &state.mask, nullptr) < 0 ? -errno : 0, SYS_rt_sigprocmask};
}

void Supervise(const Supervision& supervision) {
  // Any other directory would stay in use, of a root that nobody else has any more.
  Call(SYS_chdir, "/");
  KeepOnly(supervision.status_fd, supervision.inner_status_fd);
  // Children may have ended before this process was an init: the exec has dropped their signals.
  Reap(supervision);
  sigset_t all;
  sigfillset(&all);
  for (;;) {
    siginfo_t info{};
    const int signal = sigwaitinfo(&all, &info);
    if (signal < 0) continue;
    if (signal == SIGCHLD) {
      Reap(supervision);
    } else if (info.si_code != SI_KERNEL) {
      // Signals from the terminal go to the whole process group, which includes the child.
      kill(supervision.child, signal);
    }
  }
}

}  // namespace memcage::launcher

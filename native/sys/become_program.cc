#include "sys/become_program.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "sys/syscalls.h"

namespace memcage::sys {
namespace {

/** exec resets handlers, but what is ignored stays ignored, and Node ignores SIGPIPE. */
class DefaultActions {
 public:
  DefaultActions() {
    struct sigaction fallback{};
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action{};
      if (sigaction(signal, nullptr, &action) < 0 || action.sa_handler != SIG_IGN) continue;
      ignored_[static_cast<size_t>(signal)] = sigaction(signal, &fallback, nullptr) == 0;
    }
  }

  void Undo() const {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    for (int signal = 1; signal < NSIG; ++signal) {
      if (ignored_[static_cast<size_t>(signal)]) sigaction(signal, &ignore, nullptr);
    }
  }

 private:
  std::array<bool, NSIG> ignored_{};
};

/** Node makes the standard streams close-on-exec, and pipes and sockets non-blocking, which others don't expect. */
class PlainStreams {
 public:
  PlainStreams() {
    for (int fd = 0; fd < kStreams; ++fd) {
      Before& before = before_[static_cast<size_t>(fd)];
      before = {fcntl(fd, F_GETFD), fcntl(fd, F_GETFL)};
      if (before.fd_flags < 0 || before.status_flags < 0) continue;
      fcntl(fd, F_SETFD, before.fd_flags & ~FD_CLOEXEC);
      fcntl(fd, F_SETFL, before.status_flags & ~O_NONBLOCK);
    }
  }

  void Undo() const {
    for (int fd = 0; fd < kStreams; ++fd) {
      const Before& before = before_[static_cast<size_t>(fd)];
      if (before.fd_flags < 0 || before.status_flags < 0) continue;
      fcntl(fd, F_SETFD, before.fd_flags);
      fcntl(fd, F_SETFL, before.status_flags);
    }
  }

 private:
  struct Before {
    int fd_flags;
    int status_flags;
  };

  static constexpr int kStreams = 3;
  std::array<Before, kStreams> before_{};
};

}  // namespace

int BecomeProgram(const char* file, char* const* argv, char* const* envp) {
  const DefaultActions actions;
  const PlainStreams streams;
  execve(file, argv, envp);
  const int error = NegativeErrno();
  streams.Undo();
  actions.Undo();
  return error;
}

}  // namespace memcage::sys

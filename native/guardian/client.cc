#include "guardian/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "sys/clock.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

using guardian::Answer;
using guardian::Kind;
using guardian::Order;

/** From a cold file system, a program may take seconds to load; nothing sane takes longer. */
constexpr int kStartMs = 10'000;
/** For a guardian that is not wanted to end by itself. One that is stopped does not. */
constexpr int kEndMs = 1000;

bool Fill(guardian::Message* message, Order order, const std::string& name, Kind kind) {
  if (!guardian::IsName(name)) return false;
  *message = {};
  message->order = order;
  message->kind = kind;
  memcpy(message->name, name.data(), name.size());
  return true;
}

/** Waits for the guardian's answer. Returns its pid, or a negative errno, with the call that it is of. */
int ReadAnswer(int socket, const char** syscall) {
  const int64_t deadline = sys::MonotonicNs() + int64_t{kStartMs} * 1'000'000;
  for (;;) {
    const int64_t left_ms = (deadline - sys::MonotonicNs()) / 1'000'000;
    pollfd watched{socket, POLLIN, 0};
    *syscall = "poll";
    const int ready = poll(&watched, 1, left_ms > 0 ? static_cast<int>(left_ms) : 0);
    if (ready == 0) return -ETIMEDOUT;
    if (ready < 0 && errno != EINTR) return sys::NegativeErrno();
    if (ready < 0) continue;
    Answer answer{};
    *syscall = "recvfrom";
    const ssize_t length = recvfrom(socket, &answer, sizeof(answer), MSG_DONTWAIT, nullptr, nullptr);
    // The guardian was killed.
    if (length != sizeof(answer)) return length < 0 ? sys::NegativeErrno() : -ESRCH;
    // The pid, or why the guardian could not go on.
    *syscall = "fork";
    return answer.pid;
  }
}

/**
 * A guardian that was not heard of may be there all the same. It ends when it sees that nobody will tell it anything;
 * until it has, it is a process in the cgroup of this one that nobody knows.
 */
void AwaitEnd(int socket) {
  shutdown(socket, SHUT_WR);
  pollfd hung_up{socket, 0, 0};
  while (poll(&hung_up, 1, kEndMs) < 0 && errno == EINTR) {
  }
}

class Lock {
 public:
  explicit Lock(GuardianState* state) : mutex_(&state->mutex) { pthread_mutex_lock(mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { pthread_mutex_unlock(mutex_); }

 private:
  pthread_mutex_t* mutex_;
};

bool IsAlive(GuardianState* state) {
  if (state->socket < 0) return false;
  char byte = 0;
  // The guardian sends nothing after its answer, so anything that can be read is the end of the socket.
  const ssize_t length = recvfrom(state->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT, nullptr, nullptr);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  close(state->socket);
  state->socket = -1;
  state->pid = 0;
  return false;
}

}  // namespace

std::optional<CloneFailure> Guardian::Ensure(ChildStarter& starter, const std::string& launcher) {
  const Lock lock(state_);
  if (IsAlive(state_)) return std::nullopt;
  return Start(starter, launcher);
}

std::optional<CloneFailure> Guardian::Start(ChildStarter& starter, const std::string& launcher) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
    return CloneFailure{Stage::kClone, sys::NegativeErrno(), "socketpair", {}, "socketpair"};
  }
  UniqueFd ours(fds[0]);
  UniqueFd its(fds[1]);
  // A process opens the pidfd of itself, before its pid could be of another process.
  const int self = starter.SelfPidfd();
  if (self < 0) return CloneFailure{Stage::kClone, self, "pidfd_open", {}, "pidfd_open"};

  std::string words[] = {guardian::kProgramName, guardian::kLauncherVersion,
                         guardian::kArgument + std::to_string(getpid())};
  char* const argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  char* const envp[] = {nullptr};
  const int stdio[] = {-1, -1, -1, its.get(), self};
  static_assert(guardian::kSocketFd == 3 && guardian::kProcessFd == 4 && guardian::kFdCount == 5);
  ChildStart start;
  start.plan.file = launcher.c_str();
  start.plan.argv = argv;
  start.plan.envp = envp;
  start.plan.cwd = "/";
  start.plan.stdio = stdio;
  // The guardian has a session of its own, without a terminal.
  start.plan.new_session = true;
  start.watchdog_ms = kStartMs;
  UniqueFd pidfd;
  const Expected<pid_t, CloneFailure> started = starter.Start(start, &pidfd);
  if (!started) return started.error();
  its.Reset();
  // The program forks, goes on as its own child, and ends.
  const char* syscall = "";
  const int answer = ReadAnswer(ours.get(), &syscall);
  if (answer <= 0) sys::PidfdSendSignal(pidfd.get(), SIGKILL);
  siginfo_t info{};
  sys::WaitPidfd(pidfd.get(), &info, WEXITED, nullptr);
  if (answer <= 0) {
    AwaitEnd(ours.get());
    return CloneFailure{Stage::kInit, answer, "guardian", {}, syscall};
  }
  state_->socket = ours.Release();
  state_->pid = answer;
  return std::nullopt;
}

int Guardian::Guard(int parent_fd, const std::string& name, Kind kind) {
  guardian::Message message{};
  if (!Fill(&message, Order::kGuard, name, kind)) return -ENAMETOOLONG;
  return Send(&message, sizeof(message), parent_fd);
}

void Guardian::Identify(const std::string& name, int fd) {
  guardian::Message message{};
  if (Fill(&message, Order::kIdentify, name, Kind::kOwner)) Send(&message, sizeof(message), fd);
}

int Guardian::KeepNotes(int fd) {
  guardian::Message message{};
  message.order = Order::kNotes;
  return Send(&message, sizeof(message), fd);
}

void Guardian::Write(const guardian::Note& note) { Send(&note, sizeof(note), -1); }

int Guardian::OpenConnection() {
  const Lock lock(state_);
  if (state_->socket < 0) return -ENOTCONN;
  const int fd = fcntl(state_->socket, F_DUPFD_CLOEXEC, 0);
  return fd < 0 ? sys::NegativeErrno() : fd;
}

void Guardian::Tell(Order order, const std::string& name) {
  guardian::Message message{};
  if (Fill(&message, order, name, Kind::kOwner)) Send(&message, sizeof(message), -1);
}

void Guardian::Dismiss() {
  guardian::Message message{};
  message.order = Order::kLeave;
  Send(&message, sizeof(message), -1);
}

pid_t Guardian::pid() {
  const Lock lock(state_);
  return IsAlive(state_) ? state_->pid : 0;
}

int Guardian::Send(const void* message, size_t size, int fd) {
  iovec part{const_cast<void*>(message), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
  }
  const Lock lock(state_);
  if (state_->socket < 0) return -ENOTCONN;
  ssize_t sent = 0;
  do {
    // If someone has stopped the guardian, that must not stop this thread too.
    sent = sendmsg(state_->socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? sys::NegativeErrno() : 0;
}

}  // namespace memcage

// The system that the addon calls while an environment of fake_node_api.h is there. The input says what each call
// returns; once it has said much, all are refused, so that no loop
// lasts. Nothing reaches the machine.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstring>
#include <ctime>

#include "clone/clone_call.h"
#include "clone/spawn_plan.h"
#include "fake_kernel.h"
#include "fake_node_api.h"
#include "starter/client.h"
#include "sys/become_program.h"

namespace fuzz {
namespace {

constexpr int kFirstFd = 3000;
thread_local bool is_faked = false;
int last_fd = kFirstFd;
int64_t now_ns = 0;

/** What the input says of a system call, by the name of the function that is it here: `good`, or -1 with an errno. */
template <typename T>
T Answer(T good, const char* call = __builtin_FUNCTION()) {
  static const int kErrors[] = {EPERM, ENOENT, ENOSYS, EBUSY, EMFILE, ENODEV, EOPNOTSUPP, EACCES, EINVAL, ESRCH};
  Require(!IsOver(), "nothing is done once JavaScript has thrown");
  if (TheInput().is_spent()) {
    errno = EBADF;
    return -1;
  }
  const uint8_t byte = TheInput().Of(call).Byte();
  if (byte < 224) return good;
  errno = kErrors[byte % std::size(kErrors)];
  return -1;
}
int NewFd(const char* call = __builtin_FUNCTION()) { return Answer(++last_fd, call); }

ssize_t Fill(void* buffer, size_t size, const char* call = __builtin_FUNCTION()) {
  if (Answer(0, call) < 0) return -1;
  Input& said = TheInput().Of(call);
  const std::string text = said.Text(std::min<size_t>(size, said.Byte()));
  if (!text.empty()) memcpy(buffer, text.data(), text.size());
  return static_cast<ssize_t>(text.size());
}

int Poll(pollfd* fds, nfds_t count, const char* call = __builtin_FUNCTION()) {
  Input& said = TheInput().Of(call);
  int ready = 0;
  for (nfds_t i = 0; i < count; ++i) {
    fds[i].revents = static_cast<short>(said.Byte() & (POLLIN | POLLOUT | POLLHUP | POLLERR));
    if (fds[i].revents != 0) ready += 1;
  }
  return Answer(ready, call);
}

void Sleep() { now_ns += 1'000'000; }

long System(long number, const long* arguments) {
  const std::string name = std::to_string(number);
  const char* const call = name.c_str();
  // NOLINTBEGIN(performance-no-int-to-ptr): arguments of system calls are numbers.
  switch (number) {
    case SYS_openat:
    case SYS_openat2:
    case SYS_pidfd_open:
      return NewFd(call);
    case SYS_read:
      return Fill(reinterpret_cast<void*>(arguments[1]), static_cast<size_t>(arguments[2]), call);
    case SYS_fstat:
      *reinterpret_cast<struct stat*>(arguments[1]) = {};
      return Answer(0, call);
    case SYS_newfstatat:
      *reinterpret_cast<struct stat*>(arguments[2]) = {};
      return Answer(0, call);
    case SYS_waitid: {
      Input& said = TheInput().Of(call);
      auto* info = reinterpret_cast<siginfo_t*>(arguments[2]);
      info->si_pid = static_cast<pid_t>(said.Below(2));
      info->si_code = static_cast<int>(said.Below(4));
      info->si_status = said.Byte();
      return Answer(0, call);
    }
    case SYS_rt_sigprocmask:
    case SYS_close:
      return 0;
    default:
      return Answer(0, call);
  }
  // NOLINTEND(performance-no-int-to-ptr)
}

}  // namespace

void SetFaked(bool faked) {
  is_faked = faked;
  now_ns = 0;
  last_fd = kFirstFd;
}

}  // namespace fuzz

using fuzz::Answer;
using fuzz::is_faked;

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names (--wrap).
#define FAKE(type, name, parameters, arguments, result) \
  type __real_##name parameters;                        \
  type __wrap_##name parameters { return is_faked ? (result) : __real_##name arguments; }

int __real_close(int fd);
int __wrap_close(int fd) { return is_faked ? 0 : __real_close(fd); }

int __real_clock_gettime(clockid_t clock, timespec* time);
int __wrap_clock_gettime(clockid_t clock, timespec* time) {
  if (!is_faked) return __real_clock_gettime(clock, time);
  fuzz::now_ns += 10'000'000;
  *time = {fuzz::now_ns / 1'000'000'000, fuzz::now_ns % 1'000'000'000};
  return 0;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long all[6];
  for (long& one : all) one = va_arg(list, long);
  va_end(list);
  return is_faked ? fuzz::System(number, all) : __real_syscall(number, all[0], all[1], all[2], all[3], all[4], all[5]);
}

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = va_arg(list, int);
  va_end(list);
  return is_faked ? fuzz::NewFd() : __real_open(path, flags, mode);
}
int __real_openat(int dir_fd, const char* path, int flags, ...);
int __wrap_openat(int dir_fd, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const int mode = va_arg(list, int);
  va_end(list);
  return is_faked ? fuzz::NewFd() : __real_openat(dir_fd, path, flags, mode);
}
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  if (!is_faked) return __real_fcntl(fd, command, argument);
  return command == F_DUPFD_CLOEXEC ? fuzz::NewFd() : Answer(0);
}
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  const long argument = va_arg(list, long);
  va_end(list);
  return is_faked ? Answer(0x40000000) : __real_ioctl(fd, request, argument);
}

int __real_socketpair(int domain, int type, int protocol, int* fds);
int __wrap_socketpair(int domain, int type, int protocol, int* fds) {
  if (!is_faked) return __real_socketpair(domain, type, protocol, fds);
  fds[0] = ++fuzz::last_fd;
  fds[1] = ++fuzz::last_fd;
  return Answer(0);
}
int __real_usleep(useconds_t us);
int __wrap_usleep(useconds_t us) {
  if (!is_faked) return __real_usleep(us);
  fuzz::Sleep();
  return 0;
}
int __real_nanosleep(const timespec* time, timespec* left);
int __wrap_nanosleep(const timespec* time, timespec* left) {
  if (!is_faked) return __real_nanosleep(time, left);
  fuzz::Sleep();
  return 0;
}
// There is a thread, which does nothing.
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*entry)(void*), void* argument);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*entry)(void*), void* argument) {
  if (!is_faked) return __real_pthread_create(thread, attributes, entry, argument);
  return Answer(0) < 0 ? EAGAIN : 0;
}
FAKE(int, pthread_join, (pthread_t thread, void** result), (thread, result), 0)

FAKE(ssize_t, read, (int fd, void* buffer, size_t size), (fd, buffer, size), fuzz::Fill(buffer, size))
FAKE(ssize_t, pread, (int fd, void* buffer, size_t size, off_t at), (fd, buffer, size, at), fuzz::Fill(buffer, size))
FAKE(ssize_t, write, (int fd, const void* buffer, size_t size), (fd, buffer, size), Answer(static_cast<ssize_t>(size)))
FAKE(ssize_t, pwrite, (int fd, const void* buffer, size_t size, off_t at), (fd, buffer, size, at),
     Answer(static_cast<ssize_t>(size)))
FAKE(ssize_t, send, (int fd, const void* buffer, size_t size, int flags), (fd, buffer, size, flags),
     Answer(static_cast<ssize_t>(size)))
FAKE(ssize_t, sendmsg, (int fd, const msghdr* header, int flags), (fd, header, flags), Answer<ssize_t>(1))
FAKE(ssize_t, recvfrom, (int fd, void* buffer, size_t size, int flags, sockaddr* address, socklen_t* length),
     (fd, buffer, size, flags, address, length), fuzz::Fill(buffer, size))
FAKE(int, poll, (pollfd * fds, nfds_t count, int ms), (fds, count, ms), fuzz::Poll(fds, count))
FAKE(int, ppoll, (pollfd * fds, nfds_t count, const timespec* time, const sigset_t* mask), (fds, count, time, mask),
     fuzz::Poll(fds, count))
FAKE(int, eventfd, (unsigned count, int flags), (count, flags), fuzz::NewFd())
FAKE(int, timerfd_create, (int clock, int flags), (clock, flags), fuzz::NewFd())
FAKE(int, timerfd_settime, (int fd, int flags, const itimerspec* next, itimerspec* before), (fd, flags, next, before),
     Answer(0))
FAKE(int, epoll_create1, (int flags), (flags), fuzz::NewFd())
FAKE(int, epoll_ctl, (int epoll, int operation, int fd, epoll_event* event), (epoll, operation, fd, event), Answer(0))
FAKE(int, epoll_wait, (int epoll, epoll_event* events, int most, int ms), (epoll, events, most, ms), Answer(0))
FAKE(int, memfd_create, (const char* name, unsigned flags), (name, flags), fuzz::NewFd())
FAKE(int, flock, (int fd, int operation), (fd, operation), Answer(0))
FAKE(int, mkdirat, (int dir_fd, const char* path, mode_t mode), (dir_fd, path, mode), Answer(0))
FAKE(int, unlinkat, (int dir_fd, const char* path, int flags), (dir_fd, path, flags), Answer(0))
FAKE(int, utimensat, (int dir_fd, const char* path, const timespec* times, int flags), (dir_fd, path, times, flags),
     Answer(0))
FAKE(int, faccessat, (int dir_fd, const char* path, int mode, int flags), (dir_fd, path, mode, flags), Answer(0))
FAKE(int, fchmod, (int fd, mode_t mode), (fd, mode), Answer(0))
FAKE(int, fchmodat, (int dir_fd, const char* path, mode_t mode, int flags), (dir_fd, path, mode, flags), Answer(0))
FAKE(ssize_t, getxattr, (const char* path, const char* name, void* value, size_t size), (path, name, value, size),
     fuzz::Fill(value, size))
FAKE(int, unshare, (int flags), (flags), Answer(0))
FAKE(int, setns, (int fd, int flags), (fd, flags), Answer(0))
FAKE(int, kill, (pid_t pid, int signal), (pid, signal), Answer(0))
FAKE(int, shutdown, (int fd, int how), (fd, how), Answer(0))
FAKE(int, setpriority, (int which, id_t who, int priority), (which, who, priority), Answer(0))
// NOLINTEND(bugprone-reserved-identifier)
}

namespace memcage {

namespace {

/** An id of the plan is the one that was given, and there is none that was not. */
void RequireId(const char* name, std::optional<uint32_t> id) {
  double given = 0;
  const bool is_given = fuzz::GivenNumber(std::string("clone/") + name, &given);
  fuzz::Require(id.has_value() == is_given && (!id || static_cast<double>(*id) == given), name);
}

}  // namespace

sys::Result CloneChild(const CloneRequest& request, int (* /*entry*/)(void*), void* arg) {
  SpawnPlan plan = *static_cast<const SpawnPlan*>(arg);
#ifdef FUZZ_PLANTED
  if (plan.uid) *plan.uid &= 0xff;
#endif
  RequireId("uid", plan.uid);
  RequireId("gid", plan.gid);
  fuzz::Require(plan.argv[0] != nullptr && plan.candidates[0] != nullptr, "a program has a name");
  fuzz::Require(plan.root == nullptr || plan.private_mounts, "a root has mounts of its own");
  for (const Rlimit& limit : plan.settings.rlimits) fuzz::Require(limit.resource >= 0, "a limit has a resource");
  const long pid = Answer(4711L);
  if (pid < 0) return {-errno, SYS_clone3};
  *request.child_id = ++fuzz::last_fd;
  return {pid, SYS_clone3};
}

/** The starter is another program, which is not here. */
Expected<pid_t, CloneFailure> Starter::Start(ChildStart& start, const std::vector<IdMapProgram>& /*id_map_programs*/,
                                             Memory* /*memory*/, const std::string& executable, UniqueFd* pidfd) {
  fuzz::Require(!executable.empty(), "a starter has a path");
  return own_->Start(start, pidfd);
}
Starter::~Starter() = default;
void Starter::End() {}

sys::Result CloneRefusal(uint64_t /*flags*/) { return {Answer(0) < 0 ? -errno : 0, SYS_clone3}; }
sys::Result UnshareRefusal(int /*flags*/) { return {Answer(0) < 0 ? -errno : 0, SYS_unshare}; }

int sys::BecomeProgram(const char* file, char* const* argv, char* const* envp) {
  fuzz::Require(file != nullptr && argv != nullptr && envp != nullptr, "a program has a name and its lists");
  return Answer(0) < 0 ? -errno : -ENOENT;
}

}  // namespace memcage

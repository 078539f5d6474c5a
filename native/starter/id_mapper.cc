#include "starter/id_mapper.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "sys/clock.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

// A message from newuidmap takes a line or two.
constexpr size_t kMaxOutput = 1024;

constexpr const char* kProcFdinfo = "/proc/self/fdinfo/";

/**
 * The pid of a pidfd as /proc shows it, since the programs look for it there. It may differ from clone's pid if /proc
 * belongs to another PID namespace. Empty, with errno and the call, if it is unknown.
 */
std::string PidOf(int pidfd, const char** syscall) {
  *syscall = "openat";
  const UniqueFd file(open((kProcFdinfo + std::to_string(pidfd)).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return {};
  char buffer[512];
  *syscall = "read";
  const ssize_t length = read(file.get(), buffer, sizeof(buffer));
  if (length < 0) return {};
  std::string_view text(buffer, static_cast<size_t>(length));
  constexpr std::string_view kKey = "\nPid:\t";
  const size_t start = text.find(kKey);
  // 0 and -1: the process is not in that namespace, or gone.
  errno = ESRCH;
  *syscall = "";
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start + kKey.size());
  text = text.substr(0, text.find('\n'));
  return text == "0" || text == "-1" ? std::string() : std::string(text);
}

std::string ReadOutput(int fd) {
  std::string text(kMaxOutput, '\0');
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  text.resize(length > 0 ? static_cast<size_t>(length) : 0);
  text.resize(text.find_last_not_of(" \n") + 1);
  return text;
}

/** Returns the pid of the program, or a negative errno. */
int Spawn(const IdMapProgram& program, const std::string& pid, int output) {
  // posix_spawn takes pointers to char, but does not change the texts.
  std::vector<char*> argv{const_cast<char*>(program.file.c_str()), const_cast<char*>(pid.c_str())};
  for (const std::string& arg : program.args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  // English messages, which can be looked up.
  static char locale[] = "LC_ALL=C";
  char* const envp[] = {locale, nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

  pid_t started = 0;
  const int failed = posix_spawn(&started, program.file.c_str(), &actions, &attributes, argv.data(), envp);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? started : -failed;
}

/** Whether `first` is readable before `second`, and before the deadline. */
bool IsReadableFirst(int first, int second, int64_t deadline_ns) {
  pollfd fds[] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
  for (;;) {
    const int64_t left_ms = (deadline_ns - sys::MonotonicNs()) / 1'000'000;
    const int ready = poll(fds, 2, left_ms < 0 ? 0 : static_cast<int>(left_ms) + 1);
    if (ready > 0) return (fds[0].revents & POLLIN) != 0;
    if (ready == 0) return false;
  }
}

}  // namespace

int IdMapper::Open() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return sys::NegativeErrno();
  parent_end_.Reset(ends[0]);
  child_end_.Reset(ends[1]);
  return 0;
}

bool IdMapper::Answer(const std::vector<IdMapProgram>& programs, pid_t child, int child_ended, int64_t deadline_ns) {
  char byte = 0;
  if (read(parent_end_.get(), &byte, 1) != 1) return true;
  const UniqueFd pidfd(sys::PidfdOpen(child));
  const char* syscall = "pidfd_open";
  const std::string pid = pidfd.valid() ? PidOf(pidfd.get(), &syscall) : std::string();
  if (pid.empty()) Fail(pidfd.valid() ? sys::NegativeErrno() : pidfd.get(), syscall, kProcFdinfo);
  for (const IdMapProgram& program : programs) {
    if (error_ == 0 && !RunProgram(program, pid, child_ended, deadline_ns)) return false;
  }
  // A child that reads the end of the socket instead knows that the mapping failed.
  if (error_ == 0) {
    send(parent_end_.get(), &byte, 1, MSG_NOSIGNAL);
  } else {
    shutdown(parent_end_.get(), SHUT_RDWR);
  }
  return true;
}

bool IdMapper::RunProgram(const IdMapProgram& program, const std::string& pid, int child_ended, int64_t deadline_ns) {
  // A file, not a pipe: nobody has to read it in time, and it has an end even if the program left something running.
  const UniqueFd output(memfd_create("memcage", MFD_CLOEXEC));
  if (!output.valid()) return Fail(sys::NegativeErrno(), "memfd_create", "memfd_create");
  const int started = Spawn(program, pid, output.get());
  if (started < 0) return Fail(started, "posix_spawn", program.file);
  const UniqueFd running(sys::PidfdOpen(started));
  const bool has_ended = running.valid() && IsReadableFirst(running.get(), child_ended, deadline_ns);
  if (!has_ended) kill(started, SIGKILL);
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(started), &info, WEXITED) < 0 && errno == EINTR) {
  }
  if (!running.valid()) return Fail(running.get(), "pidfd_open", program.file);
  if (!has_ended) return false;
  if (info.si_code == CLD_EXITED && info.si_status == 0) return true;
  output_ = ReadOutput(output.get());
  return Fail(info.si_code == CLD_EXITED ? -EPERM : -EINTR, "", program.file);
}

bool IdMapper::Fail(int error, const char* syscall, const std::string& subject) {
  error_ = error;
  syscall_ = syscall;
  subject_ = subject;
  return true;
}

}  // namespace memcage

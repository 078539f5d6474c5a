#include "program.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../native/sys/syscall_numbers.h"

namespace memcage::overseer {
namespace {

constexpr int kNotYet = -1;
constexpr int kFailed = -2;
constexpr int kCannotExecute = 127;
constexpr useconds_t kPauseUs = 100;
constexpr int kGetFd = 438;  // pidfd_getfd, Linux 5.6

std::vector<sock_filter> FilterOf(const std::vector<int>& calls) {
  std::vector<sock_filter> filter;
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const int call : calls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return filter;
}

/** Returns the listener, in the calling process. A signal must not interrupt a call that is being looked at. */
int Install(const std::vector<int>& calls) {
  std::vector<sock_filter> filter = FilterOf(calls);
  const sock_fprog program{static_cast<uint16_t>(filter.size()), filter.data()};
  constexpr unsigned kListen = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  // Not every Linux has the flag (5.19), and not every user may install a filter without no_new_privs.
  constexpr unsigned kUninterrupted = 1U << 5;
  long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kListen | kUninterrupted, &program);
  if (fd < 0 && errno == EACCES) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kListen | kUninterrupted, &program);
  }
  if (fd < 0 && errno == EINVAL) fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, kListen, &program);
  return fd < 0 ? kFailed : static_cast<int>(fd);
}

}  // namespace

Program StartProgram(char** arguments, const std::vector<int>& calls) {
  void* page = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    perror("overseer: mmap");
    return {};
  }
  auto* listener = new (page) std::atomic<int>(kNotYet);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    const int fd = Install(calls);
    listener->store(fd);
    if (fd < 0) _exit(kCannotExecute);
    // It is closed on exec. From here on each call waits until the overseer has taken the listener.
    execvp(arguments[0], arguments);
    _exit(kCannotExecute);
  }
  if (pid < 0) {
    perror("overseer: fork");
    return {};
  }
  int fd = kNotYet;
  while ((fd = listener->load()) == kNotYet) usleep(kPauseUs);
  Program program{pid, {}};
  if (fd >= 0) {
    const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    program.listener.Reset(static_cast<int>(syscall(kGetFd, pidfd.get(), fd, 0)));
  }
  if (!program.listener.valid()) fprintf(stderr, "overseer: no listener: %s\n", strerror(errno));
  return program;
}

}  // namespace memcage::overseer

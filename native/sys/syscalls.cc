#include "sys/syscalls.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "sys/stat.h"
#include "sys/syscall_numbers.h"
#include "sys/unique_fd.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace memcage::sys {
namespace {

// struct open_how and its flags from the kernel's stable ABI: older distributions lack <linux/openat2.h>.
struct OpenHow {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};
constexpr uint64_t kResolveNoMagicLinks = 0x02;
constexpr uint64_t kResolveNoSymlinks = 0x04;
constexpr uint64_t kResolveBeneath = 0x08;

template <typename Call>
long Retry(Call call) {
  long result = 0;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result < 0 ? NegativeErrno() : result;
}

/** O_PATH with O_NOFOLLOW opens the link itself, while openat2 refuses it. */
int RefuseLink(UniqueFd fd) {
  struct stat status{};
  if (const int refused = sys::Stat(fd.get(), &status); refused != 0) return refused;
  return S_ISLNK(status.st_mode) ? -ELOOP : fd.Release();
}

}  // namespace

int NegativeErrno() { return -errno; }

int PidfdOpen(pid_t pid) {
  return static_cast<int>(Retry([&] { return syscall(SYS_pidfd_open, pid, 0); }));
}

int PidfdSendSignal(int pidfd, int signal) {
  return static_cast<int>(Retry([&] { return syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0); }));
}

int WaitPidfd(int pidfd, siginfo_t* info, int options, rusage* usage) {
  return static_cast<int>(Retry([&] {
    info->si_pid = 0;
    return syscall(SYS_waitid, P_PIDFD, pidfd, info, options | __WALL, usage);
  }));
}

int EffectiveAccess(const char* path, int mode) {
  const int refused =
      static_cast<int>(Retry([&] { return syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS); }));
  // Before Linux 5.8, or with a seccomp filter that does not know the call.
  if (refused != -ENOSYS && refused != -EPERM) return refused;
  return static_cast<int>(Retry([&] { return faccessat(AT_FDCWD, path, mode, AT_EACCESS); }));
}

int OpenBeneath(int dir_fd, const char* path, int flags) {
  OpenHow how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = kResolveBeneath | kResolveNoSymlinks | kResolveNoMagicLinks;
  // EAGAIN: a rename or mount elsewhere raced with the lookup; openat2(2) says to try again.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const long fd = Retry([&] { return syscall(SYS_openat2, dir_fd, path, &how, sizeof(how)); });
    if (fd == -ENOSYS) return OpenBeneathByComponent(dir_fd, path, flags);
    if (fd != -EAGAIN) return static_cast<int>(fd);
  }
  return -EAGAIN;
}

int SetNs(int fd, int flags) {
  return static_cast<int>(Retry([&] { return setns(fd, flags); }));
}

int OpenBeneathByComponent(int dir_fd, const char* path, int flags) {
  if (path[0] == '/') return -EXDEV;
  UniqueFd held;
  int at = dir_fd;
  std::string rest(path);
  for (;;) {
    const size_t slash = rest.find('/');
    const bool last = slash == std::string::npos;
    const std::string name = last ? rest : rest.substr(0, slash);
    if (name == "..") return -EXDEV;
    const int open_flags = (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC;
    const char* component = name.empty() ? "." : name.c_str();
    const long fd = Retry([&] { return openat(at, component, open_flags); });
    if (fd < 0) return static_cast<int>(fd);
    if (last) return RefuseLink(UniqueFd(static_cast<int>(fd)));
    held.Reset(static_cast<int>(fd));
    at = held.get();
    rest.erase(0, slash + 1);
  }
}

}  // namespace memcage::sys

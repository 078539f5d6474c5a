#include "sys/syscalls.h"

#include <fcntl.h>
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

/** O_PATH with O_NOFOLLOW opens the link itself, while openat2 refuses it. */
Result RefuseLink(UniqueFd fd) {
  struct stat status{};
  if (const Result refused = Stat(fd.get(), &status); refused < 0) return refused;
  return {S_ISLNK(status.st_mode) ? -ELOOP : fd.Release()};
}

}  // namespace

int NegativeErrno() { return -errno; }

Result PidfdOpen(pid_t pid) { return Call(SYS_pidfd_open, pid, 0); }

Result PidfdSendSignal(int pidfd, int signal) { return Call(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0); }

Result Prlimit(pid_t pid, int resource, const Limits* to, Limits* before) {
  return Call(SYS_prlimit64, pid, resource, to, before);
}

Result WaitPidfd(int pidfd, siginfo_t* info, int options, rusage* usage) {
  info->si_pid = 0;
  return Call(SYS_waitid, P_PIDFD, pidfd, info, options | __WALL, usage);
}

Result EffectiveAccess(const char* path, int mode) {
  const Result refused = Call(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS);
  // Before Linux 5.8, or with a seccomp filter that does not know the call.
  if (refused != -ENOSYS && refused != -EPERM) return refused;
  return {faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0 ? -errno : 0, SYS_faccessat2};
}

Result OpenBeneath(int dir_fd, const char* path, int flags) {
  OpenHow how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = kResolveBeneath | kResolveNoSymlinks | kResolveNoMagicLinks;
  // EAGAIN: a rename or mount elsewhere raced with the lookup; openat2(2) says to try again.
  Result fd;
  for (int attempt = 0; attempt < 100; ++attempt) {
    fd = Call(SYS_openat2, dir_fd, path, &how, sizeof(how));
    if (fd == -ENOSYS) return OpenBeneathByComponent(dir_fd, path, flags);
    if (fd != -EAGAIN) break;
  }
  return fd;
}

Result OpenBeneathByComponent(int dir_fd, const char* path, int flags) {
  if (path[0] == '/') return {-EXDEV};
  UniqueFd held;
  int at = dir_fd;
  std::string rest(path);
  for (;;) {
    const size_t slash = rest.find('/');
    const bool last = slash == std::string::npos;
    const std::string name = last ? rest : rest.substr(0, slash);
    if (name == "..") return {-EXDEV};
    const int open_flags = (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC;
    const Result fd = Call(SYS_openat, at, name.empty() ? "." : name.c_str(), open_flags, 0);
    if (fd < 0) return fd;
    if (last) return RefuseLink(UniqueFd(fd));
    held = UniqueFd(fd);
    at = held.get();
    rest.erase(0, slash + 1);
  }
}

}  // namespace memcage::sys

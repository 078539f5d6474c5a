#include "calls.h"

#include "../../native/sys/syscall_numbers.h"

namespace memcage::overseer {
namespace {

#define CALL(name, subject, argument) {#name, SYS_##name, Subject::subject, argument},
const Call kCalls[] = {
    // clang-format off
    CALL(accept4, kFd, 0) CALL(bind, kFd, 0) CALL(capget, kNone, 0) CALL(capset, kNone, 0) CALL(chdir, kPath, 0) CALL(clone, kNumber, 0)
    CALL(clone3, kNone, 0) CALL(close, kFd, 0) CALL(close_range, kNumber, 0) CALL(connect, kFd, 0) CALL(dup, kFd, 0)
    CALL(dup3, kFd, 0) CALL(epoll_create1, kNone, 0) CALL(epoll_ctl, kFd, 2) CALL(eventfd2, kNone, 0) CALL(execve, kPath, 0)
    CALL(execveat, kPath, 1) CALL(faccessat, kPath, 1) CALL(faccessat2, kPath, 1) CALL(fchdir, kFd, 0) CALL(fchmod, kFd, 0)
    CALL(fchmodat, kPath, 1) CALL(fcntl, kFd, 0) CALL(flock, kFd, 0) CALL(fsconfig, kFd, 0) CALL(fsmount, kFd, 0)
    CALL(fsopen, kPath, 0) CALL(fstat, kFd, 0) CALL(fsync, kFd, 0) CALL(ftruncate, kFd, 0) CALL(getdents64, kFd, 0)
    CALL(getgroups, kNone, 0) CALL(getpriority, kNone, 0) CALL(getsockopt, kFd, 0) CALL(inotify_add_watch, kPath, 1)
    CALL(inotify_init1, kNone, 0) CALL(ioctl, kFd, 0) CALL(keyctl, kNumber, 0) CALL(kill, kNumber, 1) CALL(linkat, kPath, 1) CALL(listen, kFd, 0) CALL(lseek, kFd, 0)
    CALL(memfd_create, kPath, 0) CALL(mkdirat, kPath, 1) CALL(mknodat, kPath, 1) CALL(mount, kPath, 1)
    CALL(mount_setattr, kPath, 1) CALL(move_mount, kPath, 1) CALL(nanosleep, kNone, 0) CALL(newfstatat, kPath, 1)
    CALL(open_tree, kPath, 1) CALL(openat, kPath, 1) CALL(openat2, kPath, 1) CALL(pidfd_open, kNone, 0)
    CALL(pidfd_send_signal, kNumber, 1) CALL(pipe2, kNone, 0) CALL(pivot_root, kPath, 0) CALL(ppoll, kNone, 0)
    CALL(prctl, kNumber, 0) CALL(pread64, kFd, 0) CALL(prlimit64, kNumber, 1) CALL(pwrite64, kFd, 0) CALL(read, kFd, 0)
    CALL(readlinkat, kPath, 1) CALL(readv, kFd, 0) CALL(recvfrom, kFd, 0) CALL(recvmsg, kFd, 0) CALL(renameat, kPath, 1)
    CALL(rt_sigaction, kNumber, 0) CALL(rt_sigprocmask, kNumber, 0) CALL(rt_sigtimedwait, kNone, 0)
    CALL(sched_getaffinity, kNone, 0) CALL(sched_setscheduler, kNone, 0) CALL(seccomp, kNumber, 0) CALL(sendfile, kFd, 0) CALL(sendmsg, kFd, 0) CALL(sendto, kFd, 0)
    CALL(setgid, kNumber, 0) CALL(setgroups, kNone, 0) CALL(sethostname, kPath, 0) CALL(setns, kFd, 0)
    CALL(setpriority, kNone, 0) CALL(setsid, kNone, 0) CALL(setsockopt, kFd, 0) CALL(setuid, kNumber, 0)
    CALL(shutdown, kFd, 0) CALL(signalfd4, kNone, 0) CALL(socket, kNumber, 0) CALL(socketpair, kNone, 0) CALL(statfs, kPath, 0)
    CALL(fstatfs, kFd, 0) CALL(statx, kPath, 1) CALL(symlinkat, kPath, 2) CALL(tgkill, kNumber, 2) CALL(timerfd_create, kNone, 0)
    CALL(timerfd_settime, kFd, 0) CALL(umask, kNumber, 0) CALL(umount2, kPath, 0) CALL(uname, kNone, 0)
    CALL(unlinkat, kPath, 1) CALL(unshare, kNumber, 0) CALL(utimensat, kPath, 1) CALL(wait4, kNone, 0) CALL(waitid, kNumber, 0)
    CALL(write, kFd, 0) CALL(writev, kFd, 0)
#ifdef __x86_64__
    // What newer architectures leave out.
    CALL(access, kPath, 0) CALL(chmod, kPath, 0) CALL(dup2, kFd, 0) CALL(fork, kNone, 0) CALL(getdents, kFd, 0)
    CALL(link, kPath, 0) CALL(lstat, kPath, 0) CALL(mkdir, kPath, 0) CALL(open, kPath, 0) CALL(pipe, kNone, 0) CALL(poll, kNone, 0)
    CALL(readlink, kPath, 0) CALL(rename, kPath, 0) CALL(rmdir, kPath, 0) CALL(stat, kPath, 0) CALL(symlink, kPath, 1)
    CALL(unlink, kPath, 0) CALL(vfork, kNone, 0)
#endif
    // clang-format on
};
#undef CALL

}  // namespace

const Call* FindCall(const std::string& name) {
  for (const Call& call : kCalls) {
    if (name == call.name) return &call;
  }
  return nullptr;
}

const Call* CallOf(int number) {
  for (const Call& call : kCalls) {
    if (number == call.number) return &call;
  }
  return nullptr;
}

std::string NameOf(int number) {
  const Call* call = CallOf(number);
  return call == nullptr ? "call-" + std::to_string(number) : call->name;
}

std::vector<int> AllNumbers() {
  std::vector<int> numbers;
  for (const Call& call : kCalls) numbers.push_back(call.number);
  return numbers;
}

}  // namespace memcage::overseer

#pragma once

#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <cstdint>

#include "sys/raw_call.h"

// System calls that not every C library wraps.
namespace memcage::sys {

/** The errno of a libc call as a negative number, as the kernel returns it. */
int NegativeErrno();

/** https://man7.org/linux/man-pages/man2/pidfd_open.2.html (Linux 5.3) */
Result PidfdOpen(pid_t pid);
/** https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html (Linux 5.1) */
Result PidfdSendSignal(int pidfd, int signal);
/** Raw: a C library's struct rlimit may have other sizes than the system call. */
struct Limits {
  uint64_t soft;
  uint64_t hard;
};
/** https://man7.org/linux/man-pages/man2/prlimit.2.html */
Result Prlimit(pid_t pid, int resource, const Limits* to, Limits* before);
/**
 * https://man7.org/linux/man-pages/man2/waitid.2.html with P_PIDFD (Linux 5.4) and the raw call's rusage.
 * __WALL: a child that failed before exec may have an exit signal other than SIGCHLD.
 */
Result WaitPidfd(int pidfd, siginfo_t* info, int options, rusage* usage);
/** https://man7.org/linux/man-pages/man2/openat2.2.html (Linux 5.6) */
Result OpenBeneath(int dir_fd, const char* path, int flags);
/**
 * https://man7.org/linux/man-pages/man2/access.2.html by the effective ids, which an open is judged by. glibc
 * before 2.33 takes the ids for those that the program was started with.
 */
Result EffectiveAccess(const char* path, int mode);
/** Does without openat2 what OpenBeneath() does: component by component, following no link, and without "..". */
Result OpenBeneathByComponent(int dir_fd, const char* path, int flags);

}  // namespace memcage::sys

#pragma once

#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

// System calls that not every C library wraps. Each returns a value >= 0, or the negative errno.
namespace memcage::sys {

/** The errno of a libc call as a negative number, as the kernel returns it. */
int NegativeErrno();

/** https://man7.org/linux/man-pages/man2/pidfd_open.2.html (Linux 5.3) */
int PidfdOpen(pid_t pid);

/** https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html (Linux 5.1) */
int PidfdSendSignal(int pidfd, int signal);

/**
 * https://man7.org/linux/man-pages/man2/waitid.2.html with P_PIDFD (Linux 5.4) and the raw call's rusage.
 * __WALL: a child that failed before exec may have an exit signal other than SIGCHLD.
 */
int WaitPidfd(int pidfd, siginfo_t* info, int options, rusage* usage);

/** https://man7.org/linux/man-pages/man2/openat2.2.html (Linux 5.6) */
int OpenBeneath(int dir_fd, const char* path, int flags);

/**
 * https://man7.org/linux/man-pages/man2/access.2.html by the effective ids, which an open is judged by. glibc
 * before 2.33 takes the ids for those that the program was started with.
 */
int EffectiveAccess(const char* path, int mode);

/** https://man7.org/linux/man-pages/man2/setns.2.html */
int SetNs(int fd, int flags);

/** Like OpenBeneath(), but without openat2: component by component, following no link, and without "..". */
int OpenBeneathByComponent(int dir_fd, const char* path, int flags);

}  // namespace memcage::sys

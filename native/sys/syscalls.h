#pragma once

#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

// The system calls that the C library does not wrap everywhere. Each returns a value >= 0, or the negative errno.
namespace memcage::sys {

/** errno of a libc call as the kernel gives it: a negative number. */
int NegativeErrno();

/** https://man7.org/linux/man-pages/man2/pidfd_open.2.html (Linux 5.3) */
int PidfdOpen(pid_t pid);

/** https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html (Linux 5.1) */
int PidfdSendSignal(int pidfd, int signal);

/**
 * https://man7.org/linux/man-pages/man2/waitid.2.html with P_PIDFD (Linux 5.4) and the raw call's rusage.
 * __WALL: a child that failed before exec may have another exit signal than SIGCHLD.
 */
int WaitPidfd(int pidfd, siginfo_t* info, int options, rusage* usage);

/** https://man7.org/linux/man-pages/man2/openat2.2.html (Linux 5.6) */
int OpenBeneath(int dir_fd, const char* path, int flags);

/** https://man7.org/linux/man-pages/man2/setns.2.html */
int SetNs(int fd, int flags);

/** The same lookup rule without openat2: component by component, no link followed, no "..". */
int OpenBeneathByComponent(int dir_fd, const char* path, int flags);

}  // namespace memcage::sys

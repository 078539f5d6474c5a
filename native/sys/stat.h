#pragma once

#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "sys/raw_call.h"

// fstat(2). glibc has had these functions as symbols only since 2.33, and the binaries of the package run from 2.28 on.
// On their machines `struct stat` of any C library is that of the kernel. Others may lack these calls.
namespace memcage::sys {

#if defined(__x86_64__) || defined(__aarch64__)

inline Result Stat(int fd, struct stat* status) { return Call(SYS_fstat, fd, status); }

inline Result StatAt(int dir_fd, const char* name, int flags, struct stat* status) {
  return Call(SYS_newfstatat, dir_fd, name, status, flags);
}

#else

inline Result Stat(int fd, struct stat* status) { return {fstat(fd, status) == 0 ? 0 : -errno, SYS_fstat}; }

inline Result StatAt(int dir_fd, const char* name, int flags, struct stat* status) {
  return {fstatat(dir_fd, name, status, flags) == 0 ? 0 : -errno, SYS_newfstatat};
}

#endif

}  // namespace memcage::sys

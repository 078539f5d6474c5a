#pragma once

#include <sys/stat.h>
#include <sys/syscall.h>

#include "sys/raw_call.h"

// fstat(2) as raw calls, which return 0 or the negative errno. glibc's functions have been symbols only since 2.33, and
// memcage runs from 2.28 on. On 64-bit machines `struct stat` of any C library is the kernel's.
namespace memcage::sys {

inline int Stat(int fd, struct stat* status) { return static_cast<int>(Call(SYS_fstat, fd, status)); }

inline int StatAt(int dir_fd, const char* name, int flags, struct stat* status) {
  return static_cast<int>(Call(SYS_newfstatat, dir_fd, name, status, flags));
}

}  // namespace memcage::sys

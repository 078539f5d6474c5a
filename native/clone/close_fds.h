#pragma once

#include <fcntl.h>
#include <sys/syscall.h>

#include <array>
#include <cstdint>

#include "sys/raw_call.h"

namespace memcage {

/**
 * Calls `visit` with every number from `first` on in /proc/self/fd, without allocating. It may close that fd.
 */
template <typename Visit>
sys::Result VisitFdsFrom(int first, Visit visit) {
  using sys::Call;
  struct Entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[1];
  };
  const sys::Result dir = Call(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (dir < 0) return dir;
  alignas(Entry) char buffer[4096];
  sys::Result size;
  // The position in this directory is the number of an fd, so closing one on the way skips none.
  while ((size = Call(SYS_getdents64, dir, buffer, sizeof(buffer))) > 0) {
    for (long at = 0; at < size;) {
      const Entry* entry = reinterpret_cast<const Entry*>(buffer + at);
      at += entry->length;
      int fd = 0;
      const char* digit = entry->name;
      if (*digit < '0' || *digit > '9') continue;
      for (; *digit != '\0'; ++digit) fd = fd * 10 + (*digit - '0');
      if (fd >= first && fd != dir) visit(fd);
    }
  }
  Call(SYS_close, dir);
  return size;
}

/** Some fds; -1 is none. */
using SparedFds = std::array<int, 3>;

/** Closes every fd from `first` on but those. */
sys::Result CloseFdsFrom(int first, SparedFds spared = {-1, -1, -1});

}  // namespace memcage

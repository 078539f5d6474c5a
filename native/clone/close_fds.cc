#include "clone/close_fds.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;

/** For kernels without close_range(2) (before Linux 5.9): closes every number in /proc/self/fd, without allocating. */
long CloseListed(int first, int spare, int other) {
  struct Entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[1];
  };
  const long dir = Call(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (dir < 0) return dir;
  alignas(Entry) char buffer[4096];
  long size = 0;
  // The position in this directory is the number of an fd, so closing one on the way skips none.
  while ((size = Call(SYS_getdents64, dir, buffer, sizeof(buffer))) > 0) {
    for (long at = 0; at < size;) {
      const Entry* entry = reinterpret_cast<const Entry*>(buffer + at);
      at += entry->length;
      int fd = 0;
      const char* digit = entry->name;
      if (*digit < '0' || *digit > '9') continue;
      for (; *digit != '\0'; ++digit) fd = fd * 10 + (*digit - '0');
      if (fd >= first && fd != dir && fd != spare && fd != other) Call(SYS_close, fd);
    }
  }
  if (size < 0) return size;
  Call(SYS_close, dir);
  return 0;
}

}  // namespace

long CloseFdsFrom(int first, int spare, int other) {
  int from = first;
  const int spares[] = {spare < other ? spare : other, spare < other ? other : spare};
  for (const int kept : spares) {
    if (kept < from) continue;
    const long result = kept == from ? 0 : Call(SYS_close_range, from, kept - 1, 0);
    if (result == -ENOSYS) return CloseListed(first, spare, other);
    if (result < 0) return result;
    from = kept + 1;
  }
  const long result = Call(SYS_close_range, from, ~0U, 0);
  return result == -ENOSYS ? CloseListed(first, spare, other) : result;
}

}  // namespace memcage

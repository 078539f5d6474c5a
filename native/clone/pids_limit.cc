#include "clone/pids_limit.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;
using sys::Result;

constexpr long kNoLimit = LONG_MAX;

/** Reads a number, or "max". */
Result ReadCount(int dir_fd, const char* file) {
  const Result fd = Call(SYS_openat, dir_fd, file, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  char text[24];
  const Result length = Call(SYS_read, fd, text, sizeof(text));
  Call(SYS_close, fd);
  if (length < 0) return length;
  if (length > 0 && text[0] == 'm') return {kNoLimit};
  long count = 0;
  for (long i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) count = count * 10 + (text[i] - '0');
  return {count};
}

/** 0 if the members are within the limit. 1 above the root of the hierarchy, which has no limit. */
Result Check(int dir_fd) {
  const Result max = ReadCount(dir_fd, "pids.max");
  if (max == -ENOENT) return {1};
  if (max < 0) return max;
  if (max == kNoLimit) return {};
  const Result current = ReadCount(dir_fd, "pids.current");
  if (current < 0) return current;
  return {current > max ? -EAGAIN : 0};
}

}  // namespace

Result PidsRefusal(int dir_fd) {
  int at = dir_fd;
  Result result = Check(at);
  while (result == 0) {
    const Result above = Call(SYS_openat, at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (at != dir_fd) Call(SYS_close, at);
    if (above < 0) return above;
    at = above.as_int();
    result = Check(at);
  }
  if (at != dir_fd) Call(SYS_close, at);
  return result == 1 ? Result{} : result;
}

}  // namespace memcage

#pragma once

#include <fcntl.h>
#include <sys/syscall.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "sys/raw_call.h"
#include "sys/unique_fd.h"

namespace memcage::sys {

/** How many processors a list such as `0-3,8` has; 0 if it is not a list. */
inline long ProcessorsIn(const char* list) {
  const char* const end = list + strlen(list);
  long count = 0;
  while (true) {
    uint32_t first = 0;
    std::from_chars_result parsed = std::from_chars(list, end, first);
    if (parsed.ec != std::errc()) return 0;
    uint32_t last = first;
    if (*parsed.ptr == '-') parsed = std::from_chars(parsed.ptr + 1, end, last);
    if (parsed.ec != std::errc() || last < first) return 0;
    count += long{last - first} + 1;
    if (*parsed.ptr != ',') return count;
    list = parsed.ptr + 1;
  }
}

/**
 * How many processors are online, whatever the affinity of this process; 0 if the kernel does not tell, as where no fd
 * is free. Not sysconf(3): musl and glibc 2.34 answer with the affinity.
 */
inline long OnlineProcessors() {
  const UniqueFd fd(Call(SYS_openat, AT_FDCWD, "/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC, 0));
  // The kernel writes no more than a page.
  char text[4096] = {};
  if (!fd.valid() || Call(SYS_read, fd.get(), text, sizeof(text) - 1) <= 0) return 0;
  return ProcessorsIn(text);
}

}  // namespace memcage::sys

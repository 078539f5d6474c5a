#pragma once

#include <unistd.h>

#include <cerrno>

namespace memcage::sys {

/** syscall(2), repeated after EINTR: the result, or the negative errno. Of the C library it touches only errno. */
template <typename... Args>
long Call(long number, Args... args) {
  for (;;) {
    const long result = syscall(number, args...);
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace memcage::sys

#pragma once

#include <unistd.h>

#include <cerrno>

namespace memcage::sys {

constexpr long kNoCall = -1;

/** What came of a system call. It may be used as the number that it is: a value >= 0, or the negative errno. */
struct Result {
  long value = 0;
  /** The number of the call; kNoCall: a refusal of our own. */
  long call = kNoCall;

  constexpr operator long() const { return value; }
  /** For an fd, a pid or an errno. */
  [[nodiscard]] constexpr int as_int() const { return static_cast<int>(value); }
};

/** The arguments of syscall(2) are words. */
constexpr long AsWord(const Result& result) { return result.value; }
template <typename T>
constexpr T AsWord(T argument) {
  return argument;
}

/** syscall(2), repeated after EINTR. Of the C library it touches only errno. */
template <typename... Args>
Result Call(long number, Args... args) {
  for (;;) {
    const long result = syscall(number, AsWord(args)...);
    if (result >= 0) return {result, number};
    if (errno != EINTR) return {-errno, number};
  }
}

}  // namespace memcage::sys

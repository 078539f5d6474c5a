#pragma once

#include <cstdint>
#include <ctime>

namespace memcage::sys {

/** Monotonic time in nanoseconds. */
inline int64_t MonotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace memcage::sys

#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace memcage {

/** How a child has ended. */
struct ChildExit {
  /** 0, or a negative errno: its status could not be had. */
  int error = 0;
  int code = 0;
  int status = 0;
  int64_t time_ns = 0;
  rusage usage{};
};

/**
 * waitid(2), with `options` 0 or WNOHANG. False with the latter: it has not ended, or a tracer has not let it go yet.
 */
bool ReapChild(int pidfd, int options, ChildExit* exit);

}  // namespace memcage

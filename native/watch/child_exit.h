#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace memcage {

/** How a child ended. */
struct ChildExit {
  /** 0, or the negative errno with which its status could not be read. */
  int error = 0;
  int code = 0;
  int status = 0;
  int64_t time_ns = 0;
  rusage usage{};
};

/**
 * waitid(2), with `options` 0 or WNOHANG. With WNOHANG, false if the child has not ended, or its tracer has not let it
 * go.
 */
bool ReapChild(int pidfd, int options, ChildExit* exit);

}  // namespace memcage

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "watch/child_exit.h"

namespace memcage {

/** The parent's end of one of a child's pipes; non-blocking. */
struct ChildPipe {
  int fd = -1;
  /** Text to write before the end of the input; nullptr with `writes`: only the end. */
  const uint8_t* input = nullptr;
  size_t input_length = 0;
  bool writes = false;
  bool reads = false;
  /** The output that was read, in pieces of up to kPiece bytes. */
  std::vector<std::vector<uint8_t>> output = {};

  [[nodiscard]] size_t OutputLength() const;
};

struct PipedWait {
  int pidfd = -1;
  std::vector<ChildPipe> pipes;
  /** In CLOCK_MONOTONIC; negative for none. */
  int64_t deadline_ns = -1;
  /** Limit for all output together; 0 for no limit. */
  double max_bytes = 0;
  int kill_signal = 0;

  // The results.
  ChildExit exit = {};
  /** Negative errno of what ended it early (ETIMEDOUT, ENOBUFS, a failed poll); else that of a pipe; else 0. */
  int error = 0;
};

/**
 * Serves the pipes of a child until it has ended and they are closed, as Node's spawn_sync does on its own libuv loop.
 * Once the time is over, or there is too much output, the child gets the signal and the pipes are shut down.
 */
void WaitWithPipes(PipedWait* wait);

}  // namespace memcage

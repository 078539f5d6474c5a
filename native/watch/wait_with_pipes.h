#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "watch/child_exit.h"

namespace memcage {

/** The parent's end of one of a child's pipes; non-blocking. */
struct ChildPipe {
  int fd = -1;
  /** Written to it, and then its end; nullptr with `writes`: the end alone. */
  const uint8_t* input = nullptr;
  size_t input_length = 0;
  bool writes = false;
  bool reads = false;
  /** What was read, in pieces of up to kPiece bytes. */
  std::vector<std::vector<uint8_t>> output = {};

  [[nodiscard]] size_t OutputLength() const;
};

struct PipedWait {
  int pidfd = -1;
  std::vector<ChildPipe> pipes;
  /** CLOCK_MONOTONIC; negative: none. */
  int64_t deadline_ns = -1;
  /** Of all output together; 0: no limit. */
  double max_bytes = 0;
  int kill_signal = 0;

  // What came of it.
  ChildExit exit = {};
  /** Negative errno of what ended it early: ETIMEDOUT, ENOBUFS, a signal that can't be sent; else of a pipe; else 0. */
  int error = 0;
};

/**
 * Serves the pipes of a child until it has ended and they are closed, as Node's spawn_sync does (there on a libuv loop
 * of its own): once the time is over or there is too much output the child gets the signal and the pipes are shut down.
 */
void WaitWithPipes(PipedWait* wait);

}  // namespace memcage

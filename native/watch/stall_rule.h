#pragma once

#include <cstdint>

#include "cgroup/stall_files.h"

namespace memcage {

/** What tells that a cage gets nowhere. */
enum class StallSign {
  kNone,
  /** The kernel's own measure of time lost to memory (PSI). */
  kPressure,
  /** It reads again and again what it has just lost. */
  kRefaults,
  /** It waits until there is memory, because the OOM killer is off. */
  kOomPaused,
};

/** What happened in a slice of time. */
struct StallSlice {
  int64_t length_us = 0;
  /** How much the counts have grown. */
  cgroup::StallCounts grown;
  /** Whether there is PSI, so that `grown.full_us` says something. */
  bool has_pressure = false;
  /** Whether the kernel counts refaults. */
  bool has_refaults = false;
  /** At the end of the slice. */
  bool waits_for_memory = false;
  bool is_above_high = false;
};

/** Whether a slice was lost to memory, and what tells so. */
StallSign SignOfSlice(const StallSlice& slice);

}  // namespace memcage

#pragma once

#include <cstdint>

#include "cgroup/stall_files.h"

namespace memcage {

/** What tells that a cage gets nowhere. */
enum class StallSign {
  kNone,
  /** The kernel's own measure of time lost to memory (PSI). */
  kPressure,
  /** The cage reads again and again what it has just lost. */
  kRefaults,
  /** The cage waits until there is memory, because the OOM killer is off. */
  kOomPaused,
};

/** The sign's name in JavaScript; '' for none. */
const char* SignName(StallSign sign);

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

/**
 * A stretch of time in which a cage gets nowhere, made of slices that follow each other. One in which it has got on
 * makes it shorter by several times its own length: a single one does not end a long stretch, a few of them do.
 */
class StallStretch {
 public:
  explicit StallStretch(int64_t limit_us) : limit_us_(limit_us) {}

  /** Adds a slice that counts as `us`. */
  void Add(const StallSlice& slice, int64_t us);
  void End();

  /** What was lost, less what was taken back. 0: there is no stretch. */
  [[nodiscard]] int64_t length_us() const { return length_us_; }
  /** What told of the last slice that was lost, even if the stretch is over. */
  [[nodiscard]] StallSign sign() const { return sign_; }

 private:
  const int64_t limit_us_;
  int64_t length_us_ = 0;
  /** How much of the stretch was lost, as PSI says; and the length of the slices for which PSI says so. */
  int64_t full_us_ = 0;
  int64_t measured_us_ = 0;
  StallSign sign_ = StallSign::kNone;
};

}  // namespace memcage

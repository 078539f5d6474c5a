#include "watch/stall_gauge.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sys/clock.h"

namespace memcage {
namespace {

constexpr int64_t kNsPerUs = 1000;
constexpr int64_t kSlicesPerLimit = 4;
/** The kernel counts user time by its ticks, up to ten milliseconds apart: in less, one of them would be a lot. */
constexpr int64_t kLeastSliceUs = 200'000;
constexpr int64_t kMostSliceUs = 1'000'000;
/** A slice counts as so many times its planned length at most: the thread, or the machine, may have slept. */
constexpr int64_t kMostLate = 2;
constexpr int64_t kMostIdleNs = 1'000'000'000;
/** Of a slice, in which that much may be waited for memory or run without a closer look. */
constexpr int64_t kIdleShare = 100;

}  // namespace

StallGauge::StallGauge(cgroup::StallFiles files, int64_t limit_us)
    : files_(std::move(files)),
      limit_us_(limit_us),
      length_us_(std::clamp(limit_us / kSlicesPerLimit, kLeastSliceUs, kMostSliceUs)) {}

int StallGauge::Look() {
  const int64_t now_ns = sys::MonotonicNs();
  const int64_t length_us = (now_ns - begin_ns_) / kNsPerUs;
  const bool waits = cgroup::WaitsForMemory(files_);
  cgroup::StallCounts now;
  if (const int error = cgroup::ReadStallPressure(files_, &now)) return error;
  // Where there is PSI, processor time matters only once it has moved.
  if (!files_.pressure.valid() || begin_ns_ == 0) {
    if (const int error = cgroup::ReadStallTime(files_, &now)) return error;
  }
  if (begin_ns_ != 0 && !waits && IsIdle(now, length_us)) {
    if (!files_.pressure.valid()) last_.user_us = now.user_us, last_.system_us = now.system_us;
    last_.full_us = now.full_us;
    begin_ns_ = now_ns;
    is_whole_ = false;
    stretch_us_ = 0;
    idle_ns_ = std::min(std::max(idle_ns_ * 2, length_us_ * kNsPerUs), kMostIdleNs);
    return 0;
  }
  if (files_.pressure.valid() && begin_ns_ != 0) {
    if (const int error = cgroup::ReadStallTime(files_, &now)) return error;
  }
  if (const int error = cgroup::ReadStallStat(files_, &now)) return error;
  if (now.refaults < 0 && !files_.pressure.valid()) return -ENODATA;
  idle_ns_ = 0;
  if (is_whole_) {
    StallSlice slice;
    slice.length_us = length_us;
    slice.grown = {now.full_us - last_.full_us,           now.user_us - last_.user_us, now.system_us - last_.system_us,
                   now.major_faults - last_.major_faults, now.faults - last_.faults,   now.refaults - last_.refaults};
    slice.has_pressure = files_.pressure.valid();
    slice.has_refaults = now.refaults >= 0;
    slice.waits_for_memory = waits;
    slice.is_above_high = cgroup::IsAboveHigh(files_);
    Add(slice);
  }
  last_ = now;
  begin_ns_ = now_ns;
  is_whole_ = true;
  return 0;
}

bool StallGauge::IsIdle(const cgroup::StallCounts& now, int64_t length_us) const {
  const int64_t moved_us = files_.pressure.valid() ? now.full_us - last_.full_us
                                                   : now.user_us + now.system_us - last_.user_us - last_.system_us;
  return moved_us * kIdleShare < length_us;
}

void StallGauge::Add(const StallSlice& slice) {
  const StallSign sign = SignOfSlice(slice);
  if (sign == StallSign::kNone) {
    stretch_us_ = 0;
    return;
  }
  stretch_us_ += std::min(slice.length_us, length_us_ * kMostLate);
  sign_ = sign;
}

int64_t StallGauge::LeastWaitNs(long /*processors*/) const { return std::max(idle_ns_, length_us_ * kNsPerUs); }

void StallGauge::Restart() {
  stretch_us_ = 0;
  is_whole_ = false;
}

}  // namespace memcage

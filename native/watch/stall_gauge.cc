#include "watch/stall_gauge.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sys/clock.h"

namespace memcage {
namespace {

constexpr int64_t kSlicesPerLimit = 4;
/** The kernel counts user time by its ticks, up to ten milliseconds apart: in less, one of them would be a lot. */
constexpr int64_t kLeastSliceUs = 200'000;
constexpr int64_t kMostSliceUs = 1'000'000;
/** A slice counts as so many times its planned length at most: the thread, or the machine, may have slept. */
constexpr int64_t kMostLate = 2;
constexpr int64_t kMostIdleNs = 1'000'000'000;
/** The OOM killer may be switched off later. */
constexpr int64_t kOomPauseNs = 5'000'000'000;
/** A slice needs no closer look if less than this part of it was waited for memory, or run. */
constexpr int64_t kIdleShare = 100;

}  // namespace

StallGauge::StallGauge(cgroup::StallFiles files, int64_t limit_us)
    : files_(std::move(files)),
      limit_us_(limit_us),
      length_us_(std::clamp(limit_us / kSlicesPerLimit, kLeastSliceUs, kMostSliceUs)),
      stretch_(limit_us) {}

int StallGauge::Look() {
  const int64_t now_ns = sys::MonotonicNs();
  const int64_t length_us = (now_ns - begin_ns_) / kNsPerUs;
  const bool waits = WaitsForMemory(now_ns);
  cgroup::StallCounts now;
  const bool has_pressure = files_.pressure.valid() && cgroup::ReadStallPressure(files_, &now) == 0;
  // PSI was turned off: this slice can do without. If the cgroup is gone, the other files tell.
  if (!has_pressure && files_.pressure_dir.valid() && cgroup::OpenStallPressure(&files_)) {
    if (cgroup::ReadStallPressure(files_, &now) != 0) files_.pressure.Reset();
  }
  if (const int error = has_pressure ? 0 : cgroup::ReadStallTime(files_, &now)) return error;
  if (begin_ns_ != 0 && !waits && stretch_.length_us() == 0 && IsIdle(now, length_us, has_pressure)) {
    last_ = now;
    begin_ns_ = now_ns;
    is_whole_ = false;
    idle_ns_ = std::min(std::max(idle_ns_ * 2, length_us_ * kNsPerUs), kMostIdleNs);
    return 0;
  }
  if (const int error = has_pressure ? cgroup::ReadStallTime(files_, &now) : 0) return error;
  if (const int error = cgroup::ReadStallStat(files_, &now)) return error;
  const bool has_refaults = now.refaults >= 0;
  if (!has_pressure && !has_refaults) return -ENODATA;
  if (is_whole_) {
    StallSlice slice;
    slice.length_us = length_us;
    slice.grown = {
        .full_us = now.full_us - last_.full_us,
        .user_us = now.user_us - last_.user_us,
        .system_us = now.system_us - last_.system_us,
        .major_faults = now.major_faults - last_.major_faults,
        .faults = now.faults - last_.faults,
        .refaults = now.refaults - last_.refaults,
    };
    slice.has_pressure = has_pressure;
    slice.has_refaults = has_refaults;
    slice.waits_for_memory = waits;
    slice.is_above_high = cgroup::IsAboveHigh(files_);
    stretch_.Add(slice, std::min(length_us, length_us_ * kMostLate));
  }
  last_ = now;
  begin_ns_ = now_ns;
  is_whole_ = true;
  idle_ns_ = 0;
  return 0;
}

bool StallGauge::IsIdle(const cgroup::StallCounts& now, int64_t length_us, bool has_pressure) const {
  const int64_t moved_us =
      has_pressure ? now.full_us - last_.full_us : now.user_us + now.system_us - last_.user_us - last_.system_us;
  return moved_us * kIdleShare < length_us;
}

bool StallGauge::WaitsForMemory(int64_t now_ns) {
  if (!files_.memory_dir.valid() || now_ns < oom_ns_) return false;
  const auto [is_killer_off, is_under_oom] = cgroup::ReadOomControl(files_);
  if (!is_killer_off) oom_ns_ = now_ns + kOomPauseNs;
  return is_killer_off && is_under_oom && !cgroup::IsFrozen(files_);
}

int64_t StallGauge::DueNs(int64_t now_ns, long /*processors*/) const {
  // At whole seconds, so that the thread wakes once for all that are idle.
  if (idle_ns_ >= kMostIdleNs) return (now_ns / kMostIdleNs + 1) * kMostIdleNs;
  return now_ns + std::max(idle_ns_, length_us_ * kNsPerUs);
}

void StallGauge::Restart() {
  stretch_.End();
  is_whole_ = false;
}

}  // namespace memcage

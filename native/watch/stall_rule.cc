#include "watch/stall_rule.h"

namespace memcage {
namespace {

constexpr int64_t kPercent = 100;
constexpr int64_t kSecondUs = 1'000'000;

/** Who computes gets on. */
constexpr int64_t kMostUserPercent = 10;
/** Less is what a healthy program at its limit waits for memory now and then. */
constexpr int64_t kLeastFullPercent = 5;
/** Where refaults are not counted. */
constexpr int64_t kLeastFullPercentAlone = 20;
constexpr int64_t kLeastFaultsPerSecond = 4;
/** Without PSI nothing tells how long a fault took, and a program that mostly sleeps has some too. */
constexpr int64_t kLeastBlindFaultsPerSecond = 20;
constexpr int64_t kLeastBlindSystemPercent = 10;
/** As many pages as one fault may read ahead. With more, it is read(2) that brings them, in which a program gets on. */
constexpr int64_t kMostPagesPerFault = 2048;
/** Above memory.high the kernel makes a process sleep for almost all of its time. */
constexpr int64_t kLeastThrottledPercent = 80;
constexpr int64_t kMostThrottledFaultsPerSecond = 500;

bool IsAtLeast(int64_t part_us, int64_t percent, int64_t whole_us) { return part_us * kPercent >= percent * whole_us; }

/** What processes touch is not there any more, and most of what is read for them was here before. */
bool Refaults(const StallSlice& slice, int64_t least_per_second) {
  const int64_t faults = slice.grown.major_faults;
  const int64_t pages = slice.grown.refaults;
  if (faults * kSecondUs < least_per_second * slice.length_us) return false;
  return !slice.has_refaults || (pages * 2 >= faults && pages <= faults * kMostPagesPerFault);
}

bool IsThrottled(const StallSlice& slice) {
  return slice.is_above_high && IsAtLeast(slice.grown.full_us, kLeastThrottledPercent, slice.length_us) &&
         slice.grown.faults * kSecondUs <= kMostThrottledFaultsPerSecond * slice.length_us;
}

}  // namespace

StallSign SignOfSlice(const StallSlice& slice) {
  if (IsAtLeast(slice.grown.user_us, kMostUserPercent, slice.length_us)) return StallSign::kNone;
  if (slice.waits_for_memory) return StallSign::kOomPaused;
  if (!slice.has_pressure) {
    const bool works = IsAtLeast(slice.grown.system_us, kLeastBlindSystemPercent, slice.length_us);
    return works && Refaults(slice, kLeastBlindFaultsPerSecond) ? StallSign::kRefaults : StallSign::kNone;
  }
  const int64_t least_percent = slice.has_refaults ? kLeastFullPercent : kLeastFullPercentAlone;
  const bool waits = IsAtLeast(slice.grown.full_us, least_percent, slice.length_us);
  const bool is_lost = (waits && Refaults(slice, kLeastFaultsPerSecond)) || IsThrottled(slice);
  return is_lost ? StallSign::kPressure : StallSign::kNone;
}

}  // namespace memcage

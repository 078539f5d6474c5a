#include "watch/stall_rule.h"

#include <algorithm>

// How the numbers were found: programs in livelock beside healthy ones at their limit, whose traces are in
// test/fixtures/stall. What tells them apart is not how much is reclaimed, or how long that takes: dd waits for reclaim
// half of its time, and a loop of cat reads back a hundred times more than it could keep. In livelock a program has
// page faults all the time, almost each of them has to read, what it reads was there a moment ago, and it computes next
// to nothing.

namespace memcage {
namespace {

constexpr int64_t kPercent = 100;
constexpr int64_t kSecondUs = 1'000'000;

/**
 * Who computes gets on. Of what ran or was lost, since a cage may have a small part of the processors only: in livelock
 * it was at most 3, while Python that looked through a mapped file had 35.
 */
constexpr int64_t kMostUserPercent = 15;
/** Who waits for memory may have a process beside that looks at a clock: what ran counts as no less of a slice. */
constexpr int64_t kLeastRanPercent = 33;
/** What was lost and the work of the kernel fill a slice: in livelock 42 and more, of a server that mostly sleeps 26.
 */
constexpr int64_t kLeastBusyPercent = 40;
/** In livelock it was 11 and more, on a disk as fast as memory; a loop of grep over more than its limit had 3. */
constexpr int64_t kLeastFullPercent = 5;
/** Where refaults are not counted. */
constexpr int64_t kLeastFullPercentAlone = 20;
/** In livelock it was 50 and more with 8 MB read ahead at each. A slow disk has some ten; read(2) and write(2) have
 * none. */
constexpr int64_t kLeastFaultsPerSecond = 4;
/** Without PSI nothing tells how long a fault took, and a program that mostly sleeps has some too. */
constexpr int64_t kLeastBlindFaultsPerSecond = 20;
/** In livelock the kernel is busy to reclaim and to read: 24 and more, while a server that mostly sleeps has 10. */
constexpr int64_t kLeastBlindSystemPercent = 20;
/** The most pages that one fault reads ahead. More of them come by read(2), in which a program gets on. */
constexpr int64_t kMostPagesPerFault = 4096;
/**
 * In livelock up to 13 faults were to one that had to read. Who goes through a mapped file finds most of it read ahead:
 * 50 and more.
 */
constexpr int64_t kMostFaultsPerMajor = 16;
/** In livelock up to 3. Who starts small programs all the time has 6 and more: little of what they touch was lost. */
constexpr int64_t kMostFaultsPerRefault = 4;
/** Above memory.high, or memory.swap.high, the kernel makes a process sleep for almost all of its time. */
constexpr int64_t kLeastThrottledPercent = 80;
/** The kernel then lets a process have some tens of pages every two seconds. */
constexpr int64_t kMostThrottledFaultsPerSecond = 500;
/**
 * A good slice takes back so many times its length. In livelock one in 15 looked good; of a server that mostly sleeps
 * up to one in three looks lost. One alone does not end a stretch that has reached a limit above 600 ms.
 */
constexpr int64_t kTakenBack = 3;

bool IsAtLeast(int64_t part_us, int64_t percent, int64_t whole_us) { return part_us * kPercent >= percent * whole_us; }

/** What processes touch is not there, and much of what is read for them was a moment ago. */
bool Refaults(const StallSlice& slice, int64_t least_per_second) {
  const int64_t faults = slice.grown.major_faults;
  const int64_t pages = slice.grown.refaults;
  if (faults * kSecondUs < least_per_second * slice.length_us) return false;
  if (slice.grown.faults > faults * kMostFaultsPerMajor) return false;
  return !slice.has_refaults || (pages * 2 >= faults && pages * kMostFaultsPerRefault > slice.grown.faults &&
                                 pages <= faults * kMostPagesPerFault);
}

bool IsThrottled(const StallSlice& slice) {
  return slice.is_above_high && IsAtLeast(slice.grown.full_us, kLeastThrottledPercent, slice.length_us) &&
         slice.grown.faults * kSecondUs <= kMostThrottledFaultsPerSecond * slice.length_us;
}

bool Computes(const StallSlice& slice) {
  const int64_t ran_us = slice.grown.user_us + slice.grown.system_us + slice.grown.full_us;
  const int64_t least_us = slice.length_us * kLeastRanPercent / kPercent;
  return IsAtLeast(slice.grown.user_us, kMostUserPercent, std::max(ran_us, least_us));
}

/** What tells that a slice was lost, but for how much of it PSI says. */
StallSign SignOf(const StallSlice& slice) {
  if (Computes(slice)) return StallSign::kNone;
  if (slice.waits_for_memory) return StallSign::kOomPaused;
  if (slice.has_pressure) {
    const int64_t busy_us = slice.grown.full_us + slice.grown.system_us;
    if (!IsAtLeast(busy_us, kLeastBusyPercent, slice.length_us)) return StallSign::kNone;
    return Refaults(slice, kLeastFaultsPerSecond) || IsThrottled(slice) ? StallSign::kPressure : StallSign::kNone;
  }
  const bool works = IsAtLeast(slice.grown.system_us, kLeastBlindSystemPercent, slice.length_us);
  return works && Refaults(slice, kLeastBlindFaultsPerSecond) ? StallSign::kRefaults : StallSign::kNone;
}

}  // namespace

const char* SignName(StallSign sign) {
  switch (sign) {
    case StallSign::kPressure:
      return "pressure";
    case StallSign::kRefaults:
      return "refaults";
    case StallSign::kOomPaused:
      return "oomPaused";
    case StallSign::kNone:
      break;
  }
  return "";
}

void StallStretch::Add(const StallSlice& slice, int64_t us) {
  const StallSign sign = SignOf(slice);
  if (sign == StallSign::kPressure) {
    full_us_ += slice.grown.full_us;
    measured_us_ += slice.length_us;
  }
  // The share counts in the whole stretch: a kernel may measure in steps of ten milliseconds, some of which fall
  // between two slices.
  const int64_t least_percent = slice.has_refaults ? kLeastFullPercent : kLeastFullPercentAlone;
  if (sign == StallSign::kNone || !IsAtLeast(full_us_, least_percent, measured_us_)) {
    // What goes on for hours recovers as fast as what has just reached the limit.
    length_us_ = std::min(length_us_, limit_us_) - us * kTakenBack;
    if (length_us_ <= 0) End();
    return;
  }
  length_us_ += us;
  sign_ = sign;
}

void StallStretch::End() {
  length_us_ = 0;
  full_us_ = 0;
  measured_us_ = 0;
}

}  // namespace memcage

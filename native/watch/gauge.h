#pragma once

#include <cstdint>

#include "watch/stall_rule.h"

namespace memcage {

inline constexpr int64_t kNsPerUs = 1000;

/** What a meter measures, and when its limit is reached. */
class Gauge {
 public:
  Gauge() = default;
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;
  virtual ~Gauge() = default;

  /** Measures at a look of the watcher's thread. Returns 0 or a negative errno. */
  virtual int Look() = 0;
  /** Measures for a caller in between. Returns 0 or a negative errno. */
  virtual int Read() = 0;
  /** What was measured last, in microseconds. */
  [[nodiscard]] virtual int64_t value_us() const = 0;
  /** The sign that tells of a stall; kNone for what needs no sign. */
  [[nodiscard]] virtual StallSign sign() const = 0;
  /** The limit is reached at the last look. */
  [[nodiscard]] virtual bool is_reached() const = 0;
  /** The time until which the limit can't be reached. */
  [[nodiscard]] virtual int64_t DueNs(int64_t now_ns, long processors) const = 0;
  /** The file that a look can't do without. */
  [[nodiscard]] virtual const char* file() const = 0;
  /** Everything in the cgroup was killed. */
  virtual void Restart() = 0;
};

}  // namespace memcage

#pragma once

#include <cstdint>

#include "cgroup/processor_time.h"
#include "sys/unique_fd.h"
#include "watch/gauge.h"

namespace memcage {

/** The processor time of a cgroup. Once its limit is reached, it is for good. */
class TimeGauge : public Gauge {
 public:
  TimeGauge(UniqueFd fd, cgroup::TimeFile file, int64_t limit_us);

  int Look() override { return Read(); }
  int Read() override;
  [[nodiscard]] int64_t value_us() const override { return used_us_; }
  [[nodiscard]] StallSign sign() const override { return StallSign::kNone; }
  [[nodiscard]] bool is_reached() const override { return used_us_ >= limit_us_; }
  /** When the limit is reached at the earliest: if the cage's processes run on all processors from now on. */
  [[nodiscard]] int64_t DueNs(int64_t now_ns, long processors) const override;
  [[nodiscard]] const char* file() const override;
  void Restart() override {}

 private:
  const UniqueFd fd_;
  const cgroup::TimeFile file_;
  const int64_t limit_us_;
  int64_t used_us_ = 0;
};

}  // namespace memcage

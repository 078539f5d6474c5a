#pragma once

#include <cstdint>

#include "cgroup/stall_files.h"
#include "watch/gauge.h"

namespace memcage {

/** For how long a cgroup has got nowhere because of memory. It cuts time into slices, of which StallStretch judges. */
class StallGauge : public Gauge {
 public:
  StallGauge(cgroup::StallFiles files, int64_t limit_us);

  int Look() override;
  /** Slices are the thread's alone. */
  int Read() override { return 0; }
  [[nodiscard]] int64_t value_us() const override { return stretch_.length_us(); }
  [[nodiscard]] StallSign sign() const override { return stretch_.sign(); }
  [[nodiscard]] bool is_reached() const override { return stretch_.length_us() >= limit_us_; }
  [[nodiscard]] int64_t DueNs(int64_t now_ns, long processors) const override;
  [[nodiscard]] const char* file() const override { return "memory.stat"; }
  void Restart() override;

 private:
  /** Whether nothing has run or waited for memory since the last look: then there is no need to read more. */
  [[nodiscard]] bool IsIdle(const cgroup::StallCounts& now, int64_t length_us, bool has_pressure) const;
  /** Whether processes wait for memory because the OOM killer is off (v1). */
  bool WaitsForMemory(int64_t now_ns);

  cgroup::StallFiles files_;
  const int64_t limit_us_;
  /** The length of a slice. */
  const int64_t length_us_;
  cgroup::StallCounts last_;
  /** When the current slice began; 0 before the first. */
  int64_t begin_ns_ = 0;
  /** last_ has all counts, not only those of an idle look. */
  bool is_whole_ = false;
  int64_t idle_ns_ = 0;
  /** When to look again whether the OOM killer is off. */
  int64_t oom_ns_ = 0;
  StallStretch stretch_;
};

}  // namespace memcage

#include "watch/time_gauge.h"

#include <algorithm>
#include <utility>

namespace memcage {
namespace {

/** More processors may come online after a look. */
constexpr int64_t kMostWaitNs = 5'000'000'000;

}  // namespace

TimeGauge::TimeGauge(UniqueFd fd, cgroup::TimeFile file, int64_t limit_us)
    : fd_(std::move(fd)), file_(file), limit_us_(limit_us) {}

int TimeGauge::Read() {
  const int64_t used_us = cgroup::ReadProcessorTime(fd_.get(), file_);
  if (used_us < 0) return static_cast<int>(used_us);
  used_us_ = used_us;
  return 0;
}

int64_t TimeGauge::DueNs(int64_t now_ns, long processors) const {
  const int64_t left_us = std::max<int64_t>(limit_us_ - used_us_, 0);
  return now_ns + std::min(left_us * kNsPerUs / processors, kMostWaitNs);
}

const char* TimeGauge::file() const { return file_ == cgroup::TimeFile::kCpuStat ? "cpu.stat" : "cpuacct.usage"; }

}  // namespace memcage

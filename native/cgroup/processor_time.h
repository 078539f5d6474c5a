#pragma once

#include <cstdint>

namespace memcage::cgroup {

/** The files that count the processor time of a cgroup and all below it, those that were removed included. */
enum class TimeFile {
  /** `cpu.stat` (v2, Linux 4.15), in microseconds. It needs no controller. */
  kCpuStat,
  /** `cpuacct.usage` (v1), in nanoseconds. */
  kCpuacctUsage,
};

/** Reads such a file that is open: the time in microseconds, or a negative errno; ENODEV if the cgroup is gone. */
int64_t ReadProcessorTime(int fd, TimeFile file);

}  // namespace memcage::cgroup

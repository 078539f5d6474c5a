#pragma once

#include <cstdint>

#include "cgroup/processor_time.h"
#include "sys/unique_fd.h"

namespace memcage::cgroup {

/** What the kernel has counted so far for a cgroup and all below it. */
struct StallCounts {
  /** While all that could run waited for memory: PSI's "full". */
  int64_t full_us = 0;
  int64_t user_us = 0;
  int64_t system_us = 0;
  /** Page faults that had to wait for a disk. */
  int64_t major_faults = 0;
  int64_t faults = 0;
  /** Pages read or swapped in again soon after they had been reclaimed; -1 if the kernel does not count them. */
  int64_t refaults = 0;
};

/**
 * The files that tell whether a cgroup gets on. `stat` (`memory.stat`) and `time` must be open, the others where the
 * kernel has them.
 */
struct StallFiles {
  UniqueFd stat;
  /** `cpu.stat`, or `cpuacct.stat`. */
  UniqueFd time;
  TimeFile time_file = TimeFile::kCpuStat;
  /** `memory.pressure` (PSI, Linux 4.20), and its directory. */
  UniqueFd pressure;
  UniqueFd pressure_dir;
  /** v1: the directories of the memory cgroup and of the one that may be frozen. Their files are seldom read. */
  UniqueFd memory_dir;
  UniqueFd freezer_dir;
  /** `memory.current` and `memory.high`, and the same of swap (v2). */
  UniqueFd current;
  UniqueFd high;
  UniqueFd swap_current;
  UniqueFd swap_high;
};

/**
 * Opens `pressure`. If PSI was turned off for the cgroup (`cgroup.pressure`, Linux 6.1), as what runs in it may do, it
 * is turned on again. False if the kernel has no PSI, or refuses.
 */
bool OpenStallPressure(StallFiles* files);
/** Reads the processor time alone, which does not move where nothing runs. Returns 0 or a negative errno. */
int ReadStallTime(const StallFiles& files, StallCounts* counts);
/** Reads PSI alone, if it is there. Returns 0 or a negative errno. */
int ReadStallPressure(const StallFiles& files, StallCounts* counts);
/** Reads `memory.stat`. Returns 0 or a negative errno. */
int ReadStallStat(const StallFiles& files, StallCounts* counts);
/** What `memory.oom_control` says (v1). */
struct OomControl {
  bool is_killer_off = false;
  /** It is out of its own memory, and no cgroup around it is. Being frozen does not end that. */
  bool is_under_oom = false;
};
OomControl ReadOomControl(const StallFiles& files);
/** Whether it is frozen, or is to be. Of a cgroup around it in a unified hierarchy, only once all are frozen. */
bool IsFrozen(const StallFiles& files);
/** Whether more is in use than `memory.high`, or more swap than `memory.swap.high` (v2): the kernel slows down then. */
bool IsAboveHigh(const StallFiles& files);

}  // namespace memcage::cgroup

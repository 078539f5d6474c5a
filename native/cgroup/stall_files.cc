#include "cgroup/stall_files.h"

#include <cerrno>
#include <cstring>

#include "cgroup/files.h"
#include "sys/number.h"

namespace memcage::cgroup {
namespace {

/** More than any kernel's `memory.stat`, the longest of these files. */
constexpr size_t kMostTextBytes = 8192;
/** The unit of `cpuacct.stat`: USER_HZ is 100 on all platforms. */
constexpr int64_t kUsPerTick = 10'000;

/** The text of a file. */
class Text {
 public:
  explicit Text(const UniqueFd& fd) : length_(ReadOnce(fd.get(), reinterpret_cast<uint8_t*>(text_), kMostTextBytes)) {
    if (length_ > 0) text_[length_] = '\0';
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() = default;

  /** 0 or a negative errno. */
  [[nodiscard]] int error() const { return length_ < 0 ? static_cast<int>(length_) : 0; }
  /** The number that follows `key`, which begins a line; -1 if no line begins so. */
  [[nodiscard]] int64_t Of(const char* key) const {
    const size_t length = strlen(key);
    for (const char* line = text_; line != nullptr; line = strchr(line, '\n')) {
      if (*line == '\n') ++line;
      if (strncmp(line, key, length) == 0) return sys::LeadingNumber<int64_t>(line + length);
    }
    return -1;
  }
  /** What follows `key`, wherever it is; nullptr if it is nowhere. */
  [[nodiscard]] const char* After(const char* key) const {
    const char* const found = strstr(text_, key);
    return found == nullptr ? nullptr : found + strlen(key);
  }

 private:
  char text_[kMostTextBytes + 1] = {};
  const ssize_t length_;
};

int64_t NotNegative(int64_t number) { return number < 0 ? 0 : number; }

}  // namespace

int ReadStallTime(const StallFiles& files, StallCounts* counts) {
  const Text text(files.time);
  if (text.error() != 0) return text.error();
  const bool is_stat = files.time_file == TimeFile::kCpuStat;
  const int64_t unit = is_stat ? 1 : kUsPerTick;
  const int64_t user = text.Of(is_stat ? "user_usec " : "user ");
  const int64_t system = text.Of(is_stat ? "system_usec " : "system ");
  if (user < 0 || system < 0) return -ENODATA;
  counts->user_us = user * unit;
  counts->system_us = system * unit;
  return 0;
}

int ReadStallPressure(const StallFiles& files, StallCounts* counts) {
  if (!files.pressure.valid()) return 0;
  const Text text(files.pressure);
  if (text.error() != 0) return text.error();
  const char* const full = text.After("full ");
  const char* const total = full == nullptr ? nullptr : strstr(full, "total=");
  if (total == nullptr) return -ENODATA;
  counts->full_us = sys::LeadingNumber<int64_t>(total + strlen("total="));
  return 0;
}

int ReadStallStat(const StallFiles& files, StallCounts* counts) {
  const Text text(files.stat);
  if (text.error() != 0) return text.error();
  // v1 counts those below in lines of their own.
  const bool is_v1 = text.Of("total_pgfault ") >= 0;
  const int64_t file = text.Of(is_v1 ? "total_workingset_refault_file " : "workingset_refault_file ");
  // Before Linux 5.9, of files alone.
  const int64_t old = text.Of(is_v1 ? "total_workingset_refault " : "workingset_refault ");
  const int64_t anon = text.Of(is_v1 ? "total_workingset_refault_anon " : "workingset_refault_anon ");
  const bool are_counted = file >= 0 || old >= 0;
  counts->refaults = are_counted ? NotNegative(file) + NotNegative(old) + NotNegative(anon) : -1;
  counts->faults = NotNegative(text.Of(is_v1 ? "total_pgfault " : "pgfault "));
  counts->major_faults = NotNegative(text.Of(is_v1 ? "total_pgmajfault " : "pgmajfault "));
  return 0;
}

bool WaitsForMemory(const StallFiles& files) {
  return files.oom_control.valid() && Text(files.oom_control).Of("under_oom ") > 0;
}

bool IsAboveHigh(const StallFiles& files) {
  if (!files.current.valid() || !files.high.valid()) return false;
  const int64_t high = Text(files.high).Of("");
  // "max" is read as 0.
  return high > 0 && Text(files.current).Of("") > high;
}

}  // namespace memcage::cgroup

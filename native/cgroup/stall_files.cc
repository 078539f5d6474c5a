#include "cgroup/stall_files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "cgroup/files.h"
#include "cgroup/regain.h"
#include "sys/number.h"

namespace memcage::cgroup {
namespace {

/** More than any kernel's `memory.stat`, the longest of these files. */
constexpr size_t kMostTextBytes = 8192;
/** The unit of `cpuacct.stat`: USER_HZ is 100 on all platforms. */
constexpr int64_t kUsPerTick = 10'000;

constexpr const char* kUnderOom = "under_oom ";

/** Times the unit, or a few times itself, this still is a number. No machine counts that far. */
constexpr int64_t kMostCount = std::numeric_limits<int64_t>::max() / (4 * kUsPerTick);

int64_t CountAt(const char* text) { return std::clamp<int64_t>(sys::LeadingNumber<int64_t>(text), 0, kMostCount); }

/** The text of a file. */
class Text {
 public:
  // text_ is not zeroed: that takes longer than to read most of these files.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  explicit Text(const UniqueFd& fd) : length_(ReadOnce(fd.get(), reinterpret_cast<uint8_t*>(text_), kMostTextBytes)) {
    text_[std::max<ssize_t>(length_, 0)] = '\0';
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
      if (strncmp(line, key, length) == 0) return CountAt(line + length);
    }
    return -1;
  }
  /** What follows `key`, wherever it is; nullptr if it is nowhere. */
  [[nodiscard]] const char* After(const char* key) const {
    const char* const found = strstr(text_, key);
    return found == nullptr ? nullptr : found + strlen(key);
  }

 private:
  char text_[kMostTextBytes + 1];
  const ssize_t length_;
};

int64_t NotNegative(int64_t number) { return number < 0 ? 0 : number; }

/** A file of a directory, empty if there is none. */
class TextAt {
 public:
  TextAt(const UniqueFd& dir, const char* file)
      : fd_(openat(dir.get(), file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)), text_(fd_) {}
  [[nodiscard]] const Text* operator->() const { return &text_; }

 private:
  const UniqueFd fd_;
  const Text text_;
};

bool IsAbove(const UniqueFd& usage, const UniqueFd& high) {
  if (!usage.valid() || !high.valid()) return false;
  const Text limit(high);
  return limit.error() == 0 && limit.After("max") == nullptr && Text(usage).Of("") > limit.Of("");
}

}  // namespace

bool OpenStallPressure(StallFiles* files) {
  const int dir = files->pressure_dir.get();
  StallCounts counts;
  for (const bool is_first : {true, false}) {
    // With psi=0 the file may be there, and can't be read.
    files->pressure.Reset(OpenRegaining(dir, "memory.pressure", O_RDONLY, 0400).as_int());
    if (files->pressure.valid() && ReadStallPressure(*files, &counts) == 0) return true;
    files->pressure.Reset();
    if (is_first && WriteRegaining(dir, "cgroup.pressure", "1") < 0) return false;
  }
  return false;
}

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
  counts->full_us = CountAt(total + strlen("total="));
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

OomControl ReadOomControl(const StallFiles& files) {
  const TextAt text(files.memory_dir, "memory.oom_control");
  // The kernel marks a cgroup that is out of memory and all below it. What is in use does not tell: the kernel gives
  // back what it has charged ahead for each processor and cgroup, and wakes nobody who waits for memory.
  const bool is_own = text->Of(kUnderOom) > 0 && TextAt(files.memory_dir, "../memory.oom_control")->Of(kUnderOom) <= 0;
  return {.is_killer_off = text->Of("oom_kill_disable ") > 0, .is_under_oom = is_own};
}

bool IsFrozen(const StallFiles& files) {
  const UniqueFd& dir = files.freezer_dir;
  // Who waits for memory can't stop before it gets some, so it stays FREEZING.
  const TextAt state(dir, "freezer.state");
  if (state->error() == 0) return state->After("THAWED") == nullptr;
  return TextAt(dir, "cgroup.freeze")->Of("") > 0 || TextAt(dir, "cgroup.events")->Of("frozen ") > 0;
}

bool IsAboveHigh(const StallFiles& files) {
  return IsAbove(files.current, files.high) || IsAbove(files.swap_current, files.swap_high);
}

}  // namespace memcage::cgroup

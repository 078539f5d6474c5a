// The files of the kernel that native code reads. Each is made in one of two ways: of any bytes, or of lines as the
// kernel writes them, whose numbers are known then.
#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cgroup/members.h"
#include "cgroup/processor_time.h"
#include "cgroup/stall_files.h"
#include "input.h"
#include "sys/online_processors.h"
// Not its header: what it reads, it reads in functions of its own.
// NOLINTNEXTLINE(bugprone-suspicious-include)
#include "cgroup/tree.cc"

using fuzz::Require;
namespace cgroup = memcage::cgroup;
using memcage::UniqueFd;

namespace {

constexpr int kFirstFd = 2000;
constexpr size_t kMostRead = 4096;

struct File {
  std::string text;
  size_t at = 0;
  int error = 0;
};
std::map<int, File> files;
/** What a name in a directory gets. */
std::map<std::string, File> named;
bool is_faked = false;

UniqueFd Open(File file) {
  const int fd = kFirstFd + static_cast<int>(files.size());
  files.emplace(fd, std::move(file));
  return UniqueFd(fd);
}

/** What a read returns from there on, or a negative errno. */
ssize_t Take(File& file, size_t at, void* buffer, size_t size) {
  if (file.error != 0) return -file.error;
  const size_t length = at < file.text.size() ? std::min(size, file.text.size() - at) : 0;
  memcpy(buffer, file.text.data() + at, length);
  return static_cast<ssize_t>(length);
}

int OpenNamed(const char* name) {
  const auto found = named.find(name);
  if (found == named.end()) return -ENOENT;
  const int fd = kFirstFd + static_cast<int>(files.size());
  files.emplace(fd, found->second);
  return fd;
}

/** As the C library has it. */
template <typename T>
T Returned(T result) {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names (--wrap).
long __real_syscall(long number, ...);
int __real_close(int fd);
ssize_t __real_pread(int fd, void* buffer, size_t size, off_t at);
int __real_openat(int dir_fd, const char* path, int flags, ...);

ssize_t __wrap_pread(int fd, void* buffer, size_t size, off_t at) {
  if (fd < kFirstFd) return __real_pread(fd, buffer, size, at);
  return Returned(Take(files.at(fd), static_cast<size_t>(at), buffer, size));
}
int __wrap_close(int fd) { return fd < kFirstFd ? __real_close(fd) : 0; }
int __wrap_openat(int dir_fd, const char* path, int flags, ...) {
  return is_faked ? Returned(OpenNamed(path)) : __real_openat(dir_fd, path, flags, 0);
}
long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (!is_faked) {
    return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
  }
  // NOLINTBEGIN(performance-no-int-to-ptr): arguments of system calls are numbers.
  if (number == SYS_openat) return Returned<long>(OpenNamed(reinterpret_cast<const char*>(arguments[1])));
  if (number == SYS_read) {
    File& file = files.at(static_cast<int>(arguments[0]));
    const ssize_t length = Take(file, file.at, reinterpret_cast<void*>(arguments[1]),
                                std::min(static_cast<size_t>(arguments[2]), kMostRead));
    if (length > 0) file.at += static_cast<size_t>(length);
    return Returned(length);
  }
  // NOLINTEND(performance-no-int-to-ptr)
  return Returned<long>(-ENOSYS);
}
// NOLINTEND(bugprone-reserved-identifier)
}

namespace {

/** What the kernel can count to, and beyond. */
uint64_t Count(fuzz::Input& input) {
  const uint64_t number = input.Number();
  return input.Below(8) == 0 ? number : number >> (input.Below(60) + 4);
}

/** A file of lines, and what is in it. */
struct Lines {
  std::string text;
  std::map<std::string, uint64_t> counts;

  void Add(const std::string& key, uint64_t count) {
    text += key + ' ' + std::to_string(count) + '\n';
    counts.emplace(key, count);
  }
};

Lines MakeLines(fuzz::Input& input, const std::vector<std::string>& keys) {
  Lines lines;
  const size_t count = input.Below(16);
  for (size_t i = 0; i < count; ++i) {
    const size_t which = input.Below(keys.size() + 1);
    if (which < keys.size() && lines.counts.contains(keys[which])) continue;
    // A key of another name, which may begin or end like one of these.
    std::string other = keys[input.Below(keys.size())];
    other.insert(input.Below(2) == 0 ? 0 : other.size(), "_x");
    lines.Add(which < keys.size() ? keys[which] : other, Count(input));
  }
  return lines;
}

/** What a count is to be, where it is within what is added up without losing anything. */
constexpr uint64_t kExact = std::numeric_limits<int64_t>::max() / 100'000;
void RequireCount(const Lines& lines, const std::string& key, int64_t got, int64_t unit, const char* property) {
  const auto found = lines.counts.find(key);
  if (found != lines.counts.end() && found->second <= kExact) {
    Require(got == static_cast<int64_t>(found->second) * unit, property);
  }
}

File AnyFile(fuzz::Input& input) {
  if (input.Below(16) == 0) return {{}, 0, ENODEV};
  return {input.Rest(), 0, 0};
}

void ReadTime(fuzz::Input& input) {
  const bool is_stat = input.Below(2) == 0;
  const auto kind = is_stat ? cgroup::TimeFile::kCpuStat : cgroup::TimeFile::kCpuacctUsage;
  if (input.Below(2) == 0) {
    const UniqueFd fd = Open(AnyFile(input));
    (void)cgroup::ReadProcessorTime(fd.get(), kind);
    return;
  }
  const uint64_t count = Count(input);
  const std::string text = (is_stat ? "usage_usec " : "") + std::to_string(count) + "\nuser_usec 7\n";
  const UniqueFd fd = Open({text, 0, 0});
  const int64_t time = cgroup::ReadProcessorTime(fd.get(), kind);
  Require(time >= 0, "a time is not negative");
  if (count <= kExact) Require(time == static_cast<int64_t>(is_stat ? count : count / 1000), "it is the time");
}

void ReadStallFiles(fuzz::Input& input) {
  cgroup::StallFiles stall;
  cgroup::StallCounts counts;
  stall.time_file = input.Below(2) == 0 ? cgroup::TimeFile::kCpuStat : cgroup::TimeFile::kCpuacctUsage;
  if (input.Below(2) == 0) {
    const size_t which = input.Below(3);
    const File file = AnyFile(input);
    stall.time = Open(file);
    stall.pressure = Open(file);
    stall.stat = Open(file);
    if (which == 0) (void)cgroup::ReadStallTime(stall, &counts);
    if (which == 1) (void)cgroup::ReadStallPressure(stall, &counts);
    if (which == 2) (void)cgroup::ReadStallStat(stall, &counts);
    return;
  }
  const bool is_stat = stall.time_file == cgroup::TimeFile::kCpuStat;
  const Lines time = MakeLines(input, {"user_usec", "system_usec", "user", "system"});
  stall.time = Open({time.text, 0, 0});
  if (cgroup::ReadStallTime(stall, &counts) == 0) {
    Require(counts.user_us >= 0 && counts.system_us >= 0, "a time is not negative");
    RequireCount(time, is_stat ? "user_usec" : "user", counts.user_us, is_stat ? 1 : 10'000, "the user's time");
    RequireCount(time, is_stat ? "system_usec" : "system", counts.system_us, is_stat ? 1 : 10'000, "the system's time");
  }
  const uint64_t total = Count(input);
  const std::string share = " avg10=1.50 avg60=0.00 avg300=0.00 total=";
  const std::string some = "some" + share + std::to_string(Count(input)) + "\n";
  stall.pressure = Open({some + "full" + share + std::to_string(total) + "\n", 0, 0});
  Require(cgroup::ReadStallPressure(stall, &counts) == 0, "what the kernel writes is read");
  Require(counts.full_us >= 0, "a time is not negative");
#ifdef FUZZ_PLANTED
  // As if its last digit were lost.
  counts.full_us -= counts.full_us % 10;
#endif
  if (total <= kExact) Require(counts.full_us == static_cast<int64_t>(total), "what stalls all");

  const std::string prefix = input.Below(2) == 0 ? "total_" : "";
  const Lines stat = MakeLines(input, {prefix + "pgfault", prefix + "pgmajfault", prefix + "workingset_refault_file",
                                       prefix + "workingset_refault_anon", prefix + "workingset_refault", "anon"});
  stall.stat = Open({stat.text, 0, 0});
  Require(cgroup::ReadStallStat(stall, &counts) == 0, "any lines are read");
  Require(counts.faults >= 0 && counts.major_faults >= 0 && counts.refaults >= -1, "a count is not negative");
  if (prefix.empty() || stat.counts.contains("total_pgfault")) {
    RequireCount(stat, prefix + "pgfault", counts.faults, 1, "faults");
    RequireCount(stat, prefix + "pgmajfault", counts.major_faults, 1, "major faults");
  }
}

void ReadDirectoryFiles(fuzz::Input& input) {
  const bool is_any = input.Below(2) == 0;
  const auto make = [&](const std::string& text) -> File {
    return is_any ? File{input.Until('\0'), 0, 0} : File{text, 0, 0};
  };
  const uint64_t disabled = input.Below(2);
  const uint64_t under = input.Below(2);
  const uint64_t under_around = input.Below(2);
  const uint64_t usage = Count(input) & std::numeric_limits<int64_t>::max();
  const uint64_t limit = Count(input) & std::numeric_limits<int64_t>::max();
  named["memory.oom_control"] =
      make("oom_kill_disable " + std::to_string(disabled) + "\nunder_oom " + std::to_string(under) + "\noom_kill 3\n");
  named["../memory.oom_control"] =
      make("oom_kill_disable 0\nunder_oom " + std::to_string(under_around) + "\noom_kill 3\n");
  const bool is_frozen = input.Below(2) == 1;
  named["cgroup.freeze"] = make("0\n");
  named["cgroup.events"] = make(std::string("populated 1\nfrozen ") + (is_frozen ? "1" : "0") + "\n");
  cgroup::StallFiles stall;
  stall.current = Open(make(std::to_string(usage) + "\n"));
  const bool is_max = input.Below(2) == 0;
  stall.high = Open(make((is_max ? "max" : std::to_string(limit)) + "\n"));
  const cgroup::OomControl control = cgroup::ReadOomControl(stall);
  const bool was_frozen = cgroup::IsFrozen(stall);
  const bool is_above = cgroup::IsAboveHigh(stall);
  if (is_any) return;
  Require(control.is_killer_off == (disabled == 1), "memory.oom_control");
  Require(control.is_under_oom == (under == 1 && under_around == 0), "out of its own memory");
  Require(was_frozen == is_frozen, "frozen as said");
  if (usage <= kExact && limit <= kExact) Require(is_above == (!is_max && usage > limit), "above memory.high");
}

void ReadMembers(fuzz::Input& input) {
  std::vector<int32_t> ids;
  std::string text;
  const bool is_any = input.Below(2) == 0;
  if (is_any) {
    text = input.Rest();
  } else {
    const size_t count = input.Byte() * size_t{8};
    for (size_t i = 0; i < count; ++i) {
      ids.push_back(static_cast<int32_t>(input.Number() % 4'194'304));
      text += std::to_string(ids.back()) + "\n";
    }
  }
  named["cgroup.procs"] = {text, 0, 0};
  std::vector<int32_t> parsed;
  cgroup::ParseIds(text, &parsed);
  if (!is_any) Require(parsed == ids, "all ids of a list");
  for (const int32_t id : parsed) Require(id >= 0, "no id of a list is negative");
  cgroup::Members members(1);
  std::erase(ids, 0);
  for (size_t i = 0;; ++i) {
    const pid_t id = members.Next();
    Require(id >= 0, "no id is negative: kill(2) takes those for groups, and -1 for all");
    if (!is_any) Require(id == (i < ids.size() ? ids[i] : 0), "all ids but 0, in order");
    if (id == 0) break;
  }
}

void ReadKeyed(fuzz::Input& input) {
  const std::string key = "oom_kill";
  if (input.Below(2) == 0) {
    (void)cgroup::ValueOf(input.Rest(), key);
    return;
  }
  const Lines lines = MakeLines(input, {key, "oom", "oom_group_kill"});
  const int64_t value = cgroup::ValueOf(lines.text, key);
  if (!lines.counts.contains(key)) Require(value == 0, "0 without the key");
  RequireCount(lines, key, value, 1, "the value of the key");
}

void ReadProcessors(fuzz::Input& input) {
  if (input.Below(2) == 0) {
    Require(memcage::sys::ProcessorsIn(input.Until('\0').c_str()) >= 0, "no count is negative");
    return;
  }
  std::string list;
  long count = 0;
  long next = 0;
  for (size_t i = 0; i < 1 + input.Below(8); ++i) {
    const long first = next + static_cast<long>(input.Byte());
    const long last = first + static_cast<long>(input.Below(64));
    list += (list.empty() ? "" : ",") + std::to_string(first) + (last > first ? "-" + std::to_string(last) : "");
    count += last - first + 1;
    next = last + 2;
  }
  Require(memcage::sys::ProcessorsIn((list + "\n").c_str()) == count, "all processors of a list");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  is_faked = true;
  constexpr void (*kReaders[])(fuzz::Input&) = {ReadTime,    ReadStallFiles, ReadDirectoryFiles,
                                                ReadMembers, ReadKeyed,      ReadProcessors};
  kReaders[input.Below(std::size(kReaders))](input);
  files.clear();
  named.clear();
  is_faked = false;
  return 0;
}

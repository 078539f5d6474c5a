#include "launcher/memory_kills.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sys/clock.h"
#include "sys/number.h"
#include "sys/raw_call.h"
#include "sys/stat.h"
#include "sys/syscall_numbers.h"

namespace memcage::launcher {
namespace {

using guardian::Memory;
using sys::Call;

/** Inode of the initial PID namespace (include/linux/proc_ns.h): the log has pids of that. */
constexpr ino_t kInitialPids = 0xeffffffc;
/** How long a process may take to be gone once it was killed, and its end to be told. */
constexpr int64_t kDyingUs = 10'000'000;
/** By how much the log's clock may differ from CLOCK_MONOTONIC, which is slewed to keep the time of day. */
constexpr int64_t kSlackUs = 200'000;
constexpr int64_t kDriftDivisor = 10'000;
/** Of a log that grows faster than it is read. */
constexpr int kMostRecords = 20'000;

constexpr char kKilled[] = "Killed process ";

int64_t NowUs() { return sys::MonotonicNs() / 1000; }

/** Who was killed for memory, if a record of the log is the kernel's own line about that; else 0. */
pid_t VictimOf(const char* record) {
  // Those that programs write have another facility, which is the number from bit 3 on.
  constexpr int kOfPrograms = 8;
  if (sys::LeadingNumber<int>(record) >= kOfPrograms) return 0;
  const char* text = strchr(record, ';');
  if (text == nullptr) return 0;
  text += 1;
  constexpr char kCgroup[] = "Memory cgroup out of memory";
  constexpr char kMachine[] = "Out of memory";
  if (strncmp(text, kCgroup, strlen(kCgroup)) != 0 && strncmp(text, kMachine, strlen(kMachine)) != 0) return 0;
  const char* killed = strstr(text, kKilled);
  return killed == nullptr ? 0 : sys::LeadingNumber<pid_t>(killed + strlen(kKilled));
}

/** `PRIORITY,SEQUENCE,MICROSECONDS`. */
int64_t TimeOf(const char* record) {
  for (int i = 0; i < 2 && record != nullptr; ++i) {
    record = strchr(record, ',');
    if (record != nullptr) record += 1;
  }
  return record == nullptr ? 0 : sys::LeadingNumber<int64_t>(record);
}

}  // namespace

int64_t MemoryKills::Count() {
  // As of Linux 7 it has 7 KiB.
  static char text[32 * 1024];
  const UniqueFd file(Call(SYS_openat, AT_FDCWD, "/proc/vmstat", O_RDONLY | O_CLOEXEC, 0));
  size_t size = 0;
  while (file.valid() && size < sizeof(text) - 1) {
    const sys::Result length = Call(SYS_read, file.get(), text + size, sizeof(text) - 1 - size);
    if (length <= 0) break;
    size += static_cast<size_t>(length.value);
  }
  text[size] = '\0';
  constexpr char kLine[] = "\noom_kill ";
  const char* line = strstr(text, kLine);
  return line == nullptr ? -1 : sys::LeadingNumber<int64_t>(line + strlen(kLine));
}

void MemoryKills::Begin() {
  // First the count, then the log: a kill between the two is then one too many to explain, and not one too few.
  first_ = older_ = newer_ = {Count(), 0};
  struct stat pids{};
  if (sys::StatAt(AT_FDCWD, "/proc/self/ns/pid", 0, &pids) != 0 || pids.st_ino != kInitialPids) return;
  log_ = UniqueFd(Call(SYS_openat, AT_FDCWD, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0));
  if (log_.valid()) lseek(log_.get(), 0, SEEK_END);
}

void MemoryKills::BeganLate() { first_.at_us = older_.at_us = newer_.at_us = NowUs(); }

void MemoryKills::Passed() {
  const int64_t now_us = NowUs();
  ReadLog();
  if (newer_.at_us + kDyingUs < now_us) older_ = newer_;
  newer_ = {Count(), now_us};
}

Memory MemoryKills::Of(pid_t pid, int64_t since_us, int64_t ended_us) {
  ReadLog();
  if (IsVictim(pid, since_us)) return Memory::kYes;
  const int64_t count = Count();
  const int64_t alive_us = since_us > ended_us - kDyingUs ? since_us : ended_us - kDyingUs;
  if (count < 0 || first_.count < 0 || first_.at_us > alive_us) return Memory::kUnknown;
  const Baseline& before = newer_.at_us <= alive_us ? newer_ : older_.at_us <= alive_us ? older_ : first_;
  if (count == before.count) return Memory::kNo;
  // All kills are named, and none that is forgotten was of late.
  const Victim& oldest = victims_[static_cast<size_t>(seen_) % kMostVictims];
  const bool knows_late = seen_ < int64_t{kMostVictims} || oldest.at_us < alive_us - kSlackUs - NowUs() / kDriftDivisor;
  return log_.valid() && !was_lost_ && seen_ >= count - first_.count && knows_late ? Memory::kNo : Memory::kUnknown;
}

void MemoryKills::ReadLog() {
  static char record[8192 + 1];
  for (int i = 0; log_.valid() && i < kMostRecords; ++i) {
    const sys::Result length = Call(SYS_read, log_.get(), record, sizeof(record) - 1);
    if (length == -EAGAIN) return;
    // What came next was overwritten. The kernel goes on with the oldest that is left.
    was_lost_ |= length < 0;
    if (length < 0 && length != -EPIPE) return;
    if (length < 0) continue;
    record[length] = '\0';
    const pid_t pid = VictimOf(record);
    if (pid > 0) Add({pid, TimeOf(record)});
  }
  was_lost_ = true;
}

void MemoryKills::Add(const Victim& victim) {
  victims_[static_cast<size_t>(seen_) % kMostVictims] = victim;
  seen_ += 1;
}

bool MemoryKills::IsVictim(pid_t pid, int64_t since_us) const {
  const int64_t slack_us = kSlackUs + NowUs() / kDriftDivisor;
  for (const Victim& victim : victims_) {
    if (victim.pid == pid && victim.at_us >= since_us - slack_us) return true;
  }
  return false;
}

}  // namespace memcage::launcher

#include "launcher/owner_end.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "guardian/protocol.h"
#include "launcher/note_cages.h"
#include "sys/clock.h"
#include "sys/number.h"
#include "sys/proc_file.h"
#include "sys/raw_call.h"
#include "sys/stat.h"

namespace memcage::launcher {
namespace {

using guardian::By;
using guardian::Ended;
using guardian::kProcessFd;
using guardian::Memory;
using sys::Call;

/** Inode of the initial PID namespace (include/linux/proc_ns.h): the log has pids of that. */
constexpr ino_t kInitialPids = 0xeffffffc;
/** The kernel's line comes within microseconds of the kill, unless the machine is very busy. */
constexpr int64_t kLogMs = 30;
/** Where the count has not grown: somebody may have moved the process to another cgroup. */
constexpr int64_t kUnlikelyMs = 3;
/** Of a log that grows faster than it is read. */
constexpr int kMostRecords = 20'000;

/** The process's own name and blanks come before the fields: proc_pid_stat(5). Fields are counted from 3, its state. */
const char* FieldOf(const sys::ProcFile& stat, int field) {
  const char* at = strrchr(stat.text(), ')');
  if (at == nullptr) return "";
  for (int i = 2; i < field && at != nullptr; ++i) at = strchr(at + 1, ' ');
  return at == nullptr ? "" : at + 1;
}

/** PIDFD_GET_INFO (Linux 6.13), which knows the exit status since 6.15, once the process was reaped. */
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t ids[11];
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr uint64_t kExit = 1 << 3;

constexpr char kKilled[] = "Killed process ";

/** Whether a record of the log is the kernel's own line about a kill of the process for memory. */
bool IsKillOf(const char* record, pid_t pid) {
  constexpr int kOfKernel = 8;
  if (sys::LeadingNumber<int>(record) >= kOfKernel) return false;
  const char* text = strchr(record, ';');
  if (text == nullptr) return false;
  text += 1;
  constexpr char kCgroup[] = "Memory cgroup out of memory";
  constexpr char kMachine[] = "Out of memory";
  if (strncmp(text, kCgroup, strlen(kCgroup)) != 0 && strncmp(text, kMachine, strlen(kMachine)) != 0) return false;
  const char* killed = strstr(text, kKilled);
  return killed != nullptr && sys::LeadingNumber<pid_t>(killed + strlen(kKilled)) == pid;
}

}  // namespace

void OwnerEnd::Begin(pid_t process) {
  note_.pid = process;
  CopyLine(sys::ProcFile(process, "comm").text(), note_.name, sizeof(note_.name));
  const sys::ProcFile stat(process, "stat");
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const int64_t asleep_us =
      since_boot.tv_sec * int64_t{1'000'000} + since_boot.tv_nsec / 1000 - sys::MonotonicNs() / 1000;
  // Clock ticks are hundredths of a second for programs, whatever the kernel's own are.
  const auto started_us = sys::LeadingNumber<int64_t>(FieldOf(stat, 22)) * 10'000 - asleep_us;
  note_.started_us = started_us > 0 ? started_us : 0;
  struct stat pids{};
  if (sys::StatAt(AT_FDCWD, "/proc/self/ns/pid", 0, &pids) != 0 || pids.st_ino != kInitialPids) return;
  log_ = UniqueFd(Call(SYS_openat, AT_FDCWD, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0));
  // What it says of the pid from now on is about this process.
  if (log_.valid()) lseek(log_.get(), 0, SEEK_END);
}

void OwnerEnd::WatchCounts(UniqueFd directory) {
  around_ = std::move(directory);
  kills_before_ = around_.valid() ? ReadKills(around_.get()) : -1;
}

void OwnerEnd::Look() {
  const pid_t pid = note_.pid;
  const int64_t started_us = note_.started_us;
  char name[sizeof(note_.name)];
  memcpy(name, note_.name, sizeof(name));
  note_ = NoteOfNow(Ended::kOwner, pid);
  note_.owner = pid;
  note_.started_us = started_us;
  memcpy(note_.name, name, sizeof(name));
  if (around_.valid()) kills_ = ReadKills(around_.get());
  ReadStatus();
}

void OwnerEnd::ReadCountsOf(int parent_fd, const char* name) {
  const UniqueFd own(Call(SYS_openat, parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  kills_before_ = 0;
  kills_ = own.valid() ? ReadKills(own.get()) : -1;
}

void OwnerEnd::ReadStatus() {
  if (note_.signal >= 0) return;
  PidfdInfo info{};
  info.mask = kExit;
  int status = 0;
  if (Call(SYS_ioctl, kProcessFd, kGetInfo, &info) >= 0 && (info.mask & kExit) != 0) {
    status = info.exit_code;
  } else {
    const sys::ProcFile stat(note_.pid, "stat");
    // Who may not see it reads 0.
    if (*FieldOf(stat, 3) == 'Z') status = sys::LeadingNumber<int>(FieldOf(stat, 52));
    if (status == 0) return;
  }
  constexpr int kSignal = 0x7f;
  note_.signal = status & kSignal;
  if (note_.signal == 0) note_.exit_code = status >> 8 & 0xff;
}

void OwnerEnd::ReadLog() {
  static char record[8192 + 1];
  for (int i = 0; log_.valid() && i < kMostRecords; ++i) {
    const sys::Result length = Call(SYS_read, log_.get(), record, sizeof(record) - 1);
    if (length == -EAGAIN) return;
    // What came next was overwritten. The kernel goes on with the oldest that is left.
    was_log_lost_ |= length < 0;
    if (length < 0 && length != -EPIPE) return;
    if (length < 0) continue;
    record[length] = '\0';
    is_in_log_ |= IsKillOf(record, note_.pid);
  }
  was_log_lost_ |= log_.valid();
}

Memory OwnerEnd::Judge() const {
  if (note_.signal >= 0 && note_.signal != SIGKILL) return Memory::kNo;
  if (is_in_log_) return Memory::kYes;
  if (kills_ >= 0 && kills_ == kills_before_) return Memory::kNo;
  return log_.valid() && !was_log_lost_ ? Memory::kNo : Memory::kUnknown;
}

bool OwnerEnd::Write(Notes* to, int64_t waited_ms) {
  ReadStatus();
  ReadLog();
  note_.memory = Judge();
  const bool was_killed = note_.signal < 0 || note_.signal == SIGKILL;
  const bool is_likely = kills_ < 0 || kills_ != kills_before_;
  const bool may_log_say_more = log_.valid() && !is_in_log_ && was_killed;
  if (may_log_say_more && waited_ms < (is_likely ? kLogMs : kUnlikelyMs)) return false;
  note_.by = was_killed ? By::kUnknown : By::kItself;
  if (is_in_log_) note_.by = By::kKernel;
  note_.kills = kills_ >= 0 && kills_before_ >= 0 ? kills_ - kills_before_ : -1;
  to->Append(note_);
  return true;
}

}  // namespace memcage::launcher

#include "launcher/owner_end.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "guardian/protocol.h"
#include "sys/clock.h"
#include "sys/number.h"
#include "sys/proc_file.h"
#include "sys/raw_call.h"

namespace memcage::launcher {
namespace {

using guardian::By;
using guardian::Ended;
using guardian::kProcessFd;
using guardian::Memory;
using guardian::Note;
using sys::Call;

/** The kernel's line comes within microseconds of the kill, unless the machine is very busy. */
constexpr int64_t kLogMs = 30;

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

}  // namespace

void OwnerEnd::Begin(pid_t process) {
  note_.pid = process;
  guardian::CopyLine(sys::ProcFile(process, "comm").text(), note_.name, sizeof(note_.name));
  const sys::ProcFile stat(process, "stat");
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const int64_t asleep_us =
      since_boot.tv_sec * int64_t{1'000'000} + since_boot.tv_nsec / 1000 - sys::MonotonicNs() / 1000;
  // Clock ticks are hundredths of a second for programs, whatever the kernel's own are.
  const auto started_us = sys::LeadingNumber<int64_t>(FieldOf(stat, 22)) * 10'000 - asleep_us;
  note_.started_us = started_us > 0 ? started_us : 0;
}

void OwnerEnd::Look() {
  const Note before = note_;
  note_ = guardian::NoteOfNow(Ended::kOwner, before.pid);
  note_.owner = before.pid;
  note_.started_us = before.started_us;
  memcpy(note_.name, before.name, sizeof(note_.name));
  ReadStatus();
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

bool OwnerEnd::Write(guardian::Notes* to, MemoryKills* kills, int64_t waited_ms) {
  ReadStatus();
  const bool was_killed = note_.signal < 0 || note_.signal == SIGKILL;
  note_.memory = was_killed ? kills->Of(note_.pid, 0, note_.ended_us) : Memory::kNo;
  if (note_.memory == Memory::kUnknown && kills->MayTellMore() && waited_ms < kLogMs) return false;
  note_.by = was_killed ? By::kUnknown : By::kItself;
  if (note_.memory == Memory::kYes) note_.by = By::kKernel;
  to->Append(note_);
  return true;
}

}  // namespace memcage::launcher

#include "launcher/note_cages.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

#include "cgroup/members.h"
#include "cgroup/walk.h"
#include "sys/clock.h"
#include "sys/number.h"
#include "sys/proc_file.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage::launcher {
namespace {

using guardian::By;
using guardian::Ended;
using guardian::Memory;
using guardian::Note;
using sys::Call;

/** Cages are seldom nested as deep as this. What is below is ended without a note. */
constexpr size_t kLevels = 64;
/** What reading may delay the end of thousands of cages by. Notes of the rest are left out. */
constexpr int64_t kMostNs = 25'000'000;
cgroup::Level cage_levels[kLevels];

/** A file of a cgroup: empty if there is none. */
class File {
 public:
  File(int dir_fd, const char* name) {
    const UniqueFd fd(Call(SYS_openat, dir_fd, name, O_RDONLY | O_CLOEXEC, 0));
    if (fd.valid()) Call(SYS_read, fd.get(), text_, sizeof(text_) - 1);
  }

  [[nodiscard]] const char* text() const { return text_; }
  /** -1 for none, and for what is no number: `max`. */
  [[nodiscard]] int64_t number() const {
    return text_[0] >= '0' && text_[0] <= '9' ? sys::LeadingNumber<int64_t>(text_) : -1;
  }

 private:
  char text_[512] = {};
};

/** The first of two files that is there: that of v2, or of v1. */
int64_t ReadNumber(int dir_fd, const char* v2, const char* v1) {
  const int64_t number = File(dir_fd, v2).number();
  return number >= 0 ? number : File(dir_fd, v1).number();
}

/** What v1 has where there is no limit is more than any machine has. */
constexpr int64_t kNoLimit = int64_t{1} << 62;

void ReadPath(int dir_fd, char* to, size_t size) {
  char link[] = "/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0";
  *std::to_chars(link + strlen(link), link + sizeof(link) - 1, dir_fd).ptr = '\0';
  Call(SYS_readlinkat, AT_FDCWD, link, to, size);
}

/** How many processes of a cgroup were killed for memory, those below it left out; -1 if it does not count that. */
int64_t ReadKills(int dir_fd) {
  for (const char* file : {"memory.events.local", "memory.events", "memory.oom_control"}) {
    const File counts(dir_fd, file);
    const char* line = strstr(counts.text(), "oom_kill ");
    if (line != nullptr) return sys::LeadingNumber<int64_t>(line + strlen("oom_kill "));
  }
  return -1;
}

}  // namespace

Note* CageNotes::Add() { return count_ == kMost ? nullptr : &notes_[count_++]; }

void CageNotes::ReadOne(int dir_fd, pid_t owner) {
  const int64_t kills = ReadKills(dir_fd);
  // It is of another hierarchy of v1.
  if (kills < 0) return;
  Note about = guardian::NoteOfNow(Ended::kCage, 0);
  const auto read_rest = [&] {
    if (about.cgroup[0] != '\0') return;
    about.owner = owner;
    about.kills = kills;
    about.limit_bytes = ReadNumber(dir_fd, "memory.max", "memory.limit_in_bytes");
    if (about.limit_bytes > kNoLimit) about.limit_bytes = -1;
    about.peak_bytes = ReadNumber(dir_fd, "memory.peak", "memory.max_usage_in_bytes");
    ReadPath(dir_fd, about.cgroup, sizeof(about.cgroup));
  };
  if (kills > 0) {
    read_rest();
    about.memory = Memory::kYes;
    about.by = By::kKernel;
    if (Note* note = Add()) *note = about;
  }
  cgroup::Members members(dir_fd);
  for (pid_t pid = members.Next(); pid != 0; pid = members.Next()) {
    read_rest();
    Note* note = Add();
    if (note == nullptr) return;
    *note = about;
    note->what = Ended::kMember;
    note->pid = pid;
    note->signal = SIGKILL;
    note->by = By::kGuardian;
    // One that the kernel is about to kill may still be in the list.
    note->memory = kills > 0 ? Memory::kUnknown : Memory::kNo;
    const sys::ProcFile name(pid, "comm");
    guardian::CopyLine(name.text(), note->name, sizeof(note->name));
  }
}

void CageNotes::Read(const Tree& tree, pid_t owner) {
  const int64_t began_ns = sys::MonotonicNs();
  UniqueFd top = tree.is_own ? OpenAgain(tree.fd)
                             : UniqueFd(Call(SYS_openat, tree.fd, tree.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  cgroup::Walk walk(cage_levels, kLevels, cgroup::Walk::Access::kAsItIs);
  if (!top.valid() || ReadKills(top.get()) < 0 || walk.Begin(std::move(top)) < 0) return;
  ReadOne(walk.fd(), owner);
  for (auto step = walk.Next(); step != cgroup::Walk::Step::kEnd; step = walk.Next()) {
    if (spent_ns_ + sys::MonotonicNs() - began_ns > kMostNs) break;
    if (step == cgroup::Walk::Step::kFound && walk.Enter() >= 0) ReadOne(walk.fd(), owner);
  }
  spent_ns_ += sys::MonotonicNs() - began_ns;
}

void CageNotes::Write(guardian::Notes* to, bool is_sure) {
  for (size_t i = 0; i < count_; ++i) {
    if (!is_sure && notes_[i].memory == Memory::kNo) notes_[i].memory = Memory::kUnknown;
    to->Append(notes_[i]);
  }
  count_ = 0;
}

}  // namespace memcage::launcher

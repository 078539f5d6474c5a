#include "guardian/notes.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "sys/clock.h"
#include "sys/raw_call.h"
#include "sys/stat.h"
#include "sys/syscall_numbers.h"

namespace memcage::guardian {
namespace {

using sys::Call;

constexpr const char* kFile = "ends";
constexpr const char* kBefore = "ends-before";
/** 1 MiB each. Other guardians of this user write to the same file, so a few more may come to be in it. */
constexpr off_t kMostBytes = 2048 * off_t{sizeof(Note)};
/** Whoever else may do anything with it. */
constexpr mode_t kOthers = 077;

bool IsOwn(const struct stat& status) { return status.st_uid == geteuid() && (status.st_mode & kOthers) == 0; }

/** Only one of several guardians must do it: another would put the new file in the place of the old one. */
void BeginAnew(int dir_fd, int fd, const struct stat& status) {
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) return;
  struct stat named{};
  const bool is_same = sys::StatAt(dir_fd, kFile, AT_SYMLINK_NOFOLLOW, &named) == 0 && named.st_ino == status.st_ino;
  if (is_same) Call(SYS_renameat2, dir_fd, kFile, dir_fd, kBefore, 0);
}

}  // namespace

void Notes::Use(UniqueFd directory) {
  struct stat status{};
  if (!directory.valid() || sys::Stat(directory.get(), &status) != 0) return;
  if (!S_ISDIR(status.st_mode) || !IsOwn(status)) return;
  directory_ = std::move(directory);
  const UniqueFd boot(Call(SYS_openat, AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0));
  if (boot.valid()) Call(SYS_read, boot.get(), boot_, sizeof(boot_));
  if (sys::StatAt(AT_FDCWD, "/proc/self/ns/pid", 0, &status) == 0) pids_ = static_cast<uint32_t>(status.st_ino);
}

UniqueFd Notes::Open() {
  const auto open = [&] {
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    return UniqueFd(Call(SYS_openat, directory_.get(), kFile, kFlags, 0600));
  };
  for (bool is_first = true;; is_first = false) {
    UniqueFd file = open();
    struct stat status{};
    if (!file.valid() || sys::Stat(file.get(), &status) != 0) return {};
    if (!S_ISREG(status.st_mode) || !IsOwn(status) || status.st_nlink > 1) return {};
    const bool is_full = status.st_size >= kMostBytes || status.st_size % off_t{sizeof(Note)} != 0;
    if (!is_full || !is_first) return file;
    BeginAnew(directory_.get(), file.get(), status);
  }
}

void Notes::Append(const Note& note) {
  if (!valid()) return;
  const UniqueFd file = Open();
  if (!file.valid()) return;
  Note whole = note;
  memcpy(whole.magic, kNoteMagic, sizeof(whole.magic));
  memcpy(whole.boot, boot_, sizeof(whole.boot));
  whole.pids = pids_;
  whole.check = CheckOf(reinterpret_cast<const unsigned char*>(&whole), offsetof(Note, check));
  // At the end in one piece, whoever else writes there: O_APPEND.
  Call(SYS_write, file.get(), &whole, sizeof(whole));
}

Note NoteOfNow(Ended what, pid_t pid) {
  Note note{};
  note.what = what;
  note.pid = pid;
  note.ended_us = sys::MonotonicNs() / 1000;
  note.limit_bytes = note.peak_bytes = note.kills = -1;
  note.exit_code = note.signal = -1;
  return note;
}

void CopyLine(const char* text, char* to, size_t size) {
  const size_t length = strcspn(text, "\n");
  memcpy(to, text, length < size ? length : size);
}

}  // namespace memcage::guardian

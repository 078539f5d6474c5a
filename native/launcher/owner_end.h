#pragma once

#include <sys/types.h>

#include "launcher/notes.h"
#include "sys/unique_fd.h"

namespace memcage::launcher {

/**
 * How the process ended that a guardian watches, and whether that was for memory. The kernel's log names who it killed,
 * if it can be read. Without it, its count of kills in the cgroup of the process rules out memory as long as it has not
 * grown.
 */
class OwnerEnd {
 public:
  /** While it lives. */
  void Begin(pid_t process);
  /** The memory cgroup that it is in. */
  void WatchCounts(UniqueFd directory);
  /** Once it is dead: before its parent has reaped it, if possible. */
  void Look();
  /** It has moved to a cgroup that was made for it, in which nothing was killed before. */
  void ReadCountsOf(int parent_fd, const char* name);
  /**
   * Writes the note. False if the kernel's log may still come to say more: it says who was killed a moment after it
   * has killed.
   */
  bool Write(Notes* to, int64_t waited_ms);

  [[nodiscard]] pid_t pid() const { return note_.pid; }

 private:
  void ReadLog();
  void ReadStatus();
  [[nodiscard]] guardian::Memory Judge() const;

  guardian::Note note_{};
  UniqueFd around_;
  int64_t kills_before_ = -1;
  int64_t kills_ = -1;
  UniqueFd log_;
  bool was_log_lost_ = false;
  bool is_in_log_ = false;
};

}  // namespace memcage::launcher

#pragma once

#include "guardian/notes.h"
#include "launcher/end_cgroups.h"

namespace memcage::launcher {

/**
 * What there is to note of the cages of a dead process, read before they are ended: afterwards nobody is in them, and
 * they are gone. It is written only once they are ended: a file system may keep its writer waiting.
 */
class CageNotes {
 public:
  /** Reads a directory of cages and all below it, unless that has taken too long already. */
  void Read(const Tree& tree, pid_t owner);
  /** `is_sure`: the kernel has killed nobody for memory since the first was read. */
  void Write(guardian::Notes* to, bool is_sure);

 private:
  void ReadOne(int dir_fd, pid_t owner);
  guardian::Note* Add();

  /** Untouched, they take no memory. */
  static constexpr size_t kMost = 256;
  guardian::Note notes_[kMost] = {};
  size_t count_ = 0;
  int64_t spent_ns_ = 0;
};

}  // namespace memcage::launcher

#pragma once

#include "launcher/end_cgroups.h"
#include "launcher/notes.h"

namespace memcage::launcher {

/**
 * What there is to note of the cages of a dead process, read before they are ended: afterwards nobody is in them, and
 * they are gone. It is written only once they are ended: a file system may keep its writer waiting.
 */
class CageNotes {
 public:
  /** Reads a directory of cages and all below it, unless that has taken too long already. */
  void Read(const Tree& tree, pid_t owner);
  void Write(Notes* to);

 private:
  void ReadOne(int dir_fd, pid_t owner);
  guardian::Note* Add();

  /** Untouched, they take no memory. */
  static constexpr size_t kMost = 256;
  guardian::Note notes_[kMost] = {};
  size_t count_ = 0;
  int64_t spent_ns_ = 0;
};

/** How many processes of a cgroup were killed for memory, those below it left out; -1 if it does not count that. */
int64_t ReadKills(int dir_fd);

}  // namespace memcage::launcher

#pragma once

#include <sys/types.h>

#include "guardian/notes.h"
#include "launcher/memory_kills.h"

namespace memcage::launcher {

/** How the process ended that a guardian watches, and whether that was for memory. */
class OwnerEnd {
 public:
  /** While it lives. */
  void Begin(pid_t process);
  /** Once it is dead: before its parent has reaped it, if possible. */
  void Look();
  /** Writes the note. False if the kernel's log may still come to say more. */
  bool Write(guardian::Notes* to, MemoryKills* kills, int64_t waited_ms);

  [[nodiscard]] pid_t pid() const { return note_.pid; }

 private:
  void ReadStatus();

  guardian::Note note_{};
};

}  // namespace memcage::launcher

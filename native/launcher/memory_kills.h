#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "guardian/note.h"
#include "sys/unique_fd.h"

namespace memcage::launcher {

/**
 * Whom the kernel has killed for memory since the guardian began. Its log names them, for those who may read it. Its
 * count of all such kills on the machine, which anyone may read, rules memory out as long as it has not grown: the
 * kernel counts before it kills, wherever the process is by then.
 */
class MemoryKills {
 public:
  void Begin();
  /** Another guardian was there before: what ended meanwhile may have been killed before this one began. */
  void BeganLate();
  /** A kill that somebody else has explained: it is to cast no doubt on the ends of the time to come. */
  void Passed();

  /**
   * Whether it has killed a process, which is dead. `since_us`: when that surely lived; 0: when this guardian began, or
   * after. `ended_us`: when its death was seen.
   */
  guardian::Memory Of(pid_t pid, int64_t since_us, int64_t ended_us);
  /** Whether the log can be read, and may still come to say more: it names who was killed a moment after the kill. */
  [[nodiscard]] bool MayTellMore() const { return log_.valid(); }
  /** Kills on the whole machine; -1 if that is not known. */
  static int64_t Count();

 private:
  struct Baseline {
    int64_t count;
    int64_t at_us;
  };
  struct Victim {
    pid_t pid;
    int64_t at_us;
  };

  void ReadLog();
  void Add(const Victim& victim);
  [[nodiscard]] bool IsVictim(pid_t pid, int64_t since_us) const;

  Baseline first_{-1, 0};
  Baseline older_{-1, 0};
  Baseline newer_{-1, 0};
  UniqueFd log_;
  bool was_lost_ = false;
  static constexpr size_t kMostVictims = 256;
  Victim victims_[kMostVictims] = {};
  int64_t seen_ = 0;
};

}  // namespace memcage::launcher

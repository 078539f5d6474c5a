#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "sys/errors.h"
#include "sys/unique_fd.h"

namespace memcage {

/**
 * A write that is made in any case: by the watcher's thread when it is due, at the latest when the environment ends,
 * and unless it was dropped. It thaws a cgroup that a thread has frozen which may die, or hang.
 */
class LateWrite {
 public:
  LateWrite() = default;
  LateWrite(const LateWrite&) = delete;
  LateWrite& operator=(const LateWrite&) = delete;
  ~LateWrite() { Write(); }

  /** The timer to watch for EPOLLIN, or a negative errno. */
  int Open();

  /** In the place of one that is pending, which is made at once. Call it after Open(). */
  void Set(UniqueFd file, std::string text, int64_t after_ns);
  /** Waits for one that is being made. */
  void Drop();
  /** The watcher's thread calls it when the timer fires. */
  void Look();
  /** Makes the one that is pending. */
  void Write();

 private:
  void SetTimer(int64_t after_ns);

  UniqueFd timer_;
  std::mutex mutex_;
  UniqueFd file_;
  std::string text_;
};

}  // namespace memcage

#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "sys/errors.h"
#include "sys/unique_fd.h"

namespace memcage {

/**
 * Writes that are made in any case: by the watcher's thread when they are due, at the latest when the environment ends,
 * and unless they were dropped. They undo what a thread has done to a cgroup that may die, or hang.
 */
class LateWrites {
 public:
  LateWrites() = default;
  LateWrites(const LateWrites&) = delete;
  LateWrites& operator=(const LateWrites&) = delete;
  ~LateWrites() { MakeAll(); }

  /** The timer to watch for EPOLLIN, or a negative errno. */
  int Open();

  /** Call it after Open(). Returns its id. */
  int64_t Add(UniqueFd file, std::string text, int64_t after_ns);
  /** Makes it now, unless it has been. If the kernel refuses that, it is made later all the same. */
  Expected<> Make(int64_t id);
  /** Waits for one that is being made. */
  void Drop(int64_t id);
  /** The watcher's thread calls it when the timer fires. */
  void Look();
  /** The newest first: what was done last is undone first. */
  void MakeAll();

 private:
  struct Pending {
    int64_t id;
    UniqueFd file;
    std::string text;
    int64_t due_ns;
  };

  void MakeUntil(int64_t due_ns);
  void Erase(int64_t id);
  void SetTimer();

  UniqueFd timer_;
  std::mutex mutex_;
  std::vector<Pending> pending_;
  int64_t last_id_ = 0;
};

}  // namespace memcage

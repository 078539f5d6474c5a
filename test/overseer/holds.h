#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rules.h"
#include "tasks.h"

namespace memcage::overseer {

/** The calls that have no answer yet, since something else has to come first. */
class Holds {
 public:
  /** Where the calls come from, and who has begun; what writes a line of the log; what lets a call go on; for how long.
   */
  Holds(const Tasks& tasks, std::function<void(const std::vector<std::string>&)> log,
        std::function<void(uint64_t)> go_on, int hold_ms);

  /** Holds a call. False: what it would wait for has come before. */
  bool Hold(const seccomp_notif& call, const Rule& rule);
  /** Tells of a call that `until` waits for, before it goes on. */
  void Reached(const Until& until, const seccomp_notif& call);
  /** Tells that a thread makes a call: it has returned from the one before. */
  void Called(pid_t thread);
  /** Tells of a child of this process that has ended. */
  void Ended(pid_t command, int status);
  /** Looks at all that nobody tells of, and lets go on what has waited for too long. */
  void Look();
  /** How often to look. */
  [[nodiscard]] int look_ms() const;

 private:
  struct Held {
    uint64_t id;
    const Until* until;
    int64_t since_ms;
    pid_t command;
  };
  /** A call that a hold waits for, and which has not returned yet. */
  struct Made {
    const Until* until;
    pid_t thread;
    int number;
  };

  [[nodiscard]] bool HasCome(const Until& until) const;
  void Release(const std::function<bool(const Held&)>& is_due, const std::vector<std::string>& line);

  const Tasks& tasks_;
  const int hold_ms_;
  std::function<void(const std::vector<std::string>&)> log_;
  std::function<void(uint64_t)> go_on_;
  std::vector<Held> held_;
  std::vector<Made> made_;
};

}  // namespace memcage::overseer

#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "clone/spawn_request.h"
#include "clone/stages.h"
#include "clone/vfork_stack.h"
#include "clone/watchdog.h"
#include "sys/unique_fd.h"

namespace memcage {

struct CloneFailure {
  Stage stage;
  int error;
  std::string path;
  std::string output = {};
};

/** Starts children, one at a time: the thread that calls it is suspended from the clone to the exec. */
class ChildStarter {
 public:
  /** `ready_watchdog` sees to it that another thread calls the watchdog's Look(): 0 or a negative errno. */
  explicit ChildStarter(std::function<int()> ready_watchdog) : ready_watchdog_(std::move(ready_watchdog)) {}

  /** The pid, and the pidfd in `pidfd`, once the child has reached exec; or what failed, and no child left. */
  std::variant<pid_t, CloneFailure> Start(SpawnRequest& request, UniqueFd* pidfd);

  /** A pidfd of this process, opened once; a negative errno when it can't be. */
  int SelfPidfd();

  [[nodiscard]] Watchdog& watchdog() { return watchdog_; }

 private:
  std::function<int()> ready_watchdog_;
  Watchdog watchdog_;
  VforkStack stack_;
  UniqueFd self_pidfd_;
};

}  // namespace memcage

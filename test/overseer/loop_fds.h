#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <set>

namespace memcage::overseer {

/** The fds with which Node's own event loop waits and is woken: it aborts when one of them fails. */
class LoopFds {
 public:
  /** Those that this process has now, before memcage has any. */
  void Note(pid_t process);
  [[nodiscard]] bool IsOn(const seccomp_notif& call) const;

 private:
  std::set<int> fds_;
  bool are_noted_ = false;
};

}  // namespace memcage::overseer

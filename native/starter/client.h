#pragma once

#include <string>

#include "clone/child_starter.h"
#include "starter/protocol.h"
#include "sys/unique_fd.h"

namespace memcage {

/** Starts children through a small process, so that none of them shares or copies the memory of this one. */
class Starter {
 public:
  explicit Starter(ChildStarter* own) : own_(own) {}
  Expected<pid_t, CloneFailure> Start(ChildStart& start, const std::string& launcher, UniqueFd* pidfd);

 private:
  std::optional<CloneFailure> Ensure(const std::string& launcher);

  ChildStarter* own_;
  UniqueFd socket_;
  UniqueFd pidfd_;
  starter::Page* page_ = nullptr;
};

}  // namespace memcage

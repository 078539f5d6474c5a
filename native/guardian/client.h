#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "clone/child_starter.h"
#include "guardian/process_state.h"
#include "guardian/protocol.h"

namespace memcage {

/**
 * The way to the one guardian of this process: a memcage-exec that outlives it and ends its cages. Environments in all
 * threads share it, and it is never taken down: the end of the process ends the guardian.
 */
class Guardian {
 public:
  /** Starts it unless it runs. What failed, and then there is none. */
  std::optional<CloneFailure> Ensure(ChildStarter& starter, const std::string& launcher);
  /** Tells it of a directory, which need not exist yet, in another. 0 or a negative errno. */
  int Guard(int parent_fd, const std::string& name, guardian::Kind kind);
  /** The directory that it was told of by this name is the one that is open as `fd`. */
  void Identify(const std::string& name, int fd);
  /** About one that it was told of. Whether it lives does not matter: a new one knows nothing of the old one's. */
  void Tell(guardian::Order order, const std::string& name);
  /** The process is about to end, and has ended its cages. */
  void Dismiss();
  /** 0: there is none. */
  pid_t pid();

 private:
  std::optional<CloneFailure> Start(ChildStarter& starter, const std::string& launcher);
  int Send(const guardian::Message& message, int fd);

  GuardianState* state_ = GuardianState::OfProcess();
};

}  // namespace memcage

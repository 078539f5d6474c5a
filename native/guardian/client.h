#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "clone/child_starter.h"
#include "guardian/note.h"
#include "guardian/process_state.h"
#include "guardian/protocol.h"

namespace memcage {

/**
 * The connection to the one guardian of this process: a memcage-exec that outlives it and ends its cages. The
 * environments of all threads share it. It is never taken down: the end of the process ends the guardian.
 */
class Guardian {
 public:
  /** Starts the guardian unless it runs. Returns what failed; then there is none. */
  std::optional<CloneFailure> Ensure(ChildStarter& starter, const std::string& launcher);
  /** Tells it of a directory in another, which need not exist yet. Returns 0 or a negative errno. */
  int Guard(int parent_fd, const std::string& name, guardian::Kind kind);
  /** Tells it that the directory with this name is the one that is open as `fd`. */
  void Identify(const std::string& name, int fd);
  /** Tells it of the directory to write notes to. Returns 0 or an errno. */
  int KeepNotes(int fd);
  /** Has it write a note of an end. Nobody waits: a note is lost if the guardian can't take it now. */
  void Write(const guardian::Note& note);
  /** A new fd of the connection, which is readable once the guardian has ended; or a negative errno. */
  int OpenConnection();
  /** Sends an order about a directory that it knows. It may be dead: a new guardian does not know the old one's. */
  void Tell(guardian::Order order, const std::string& name);
  /** Tells it that the process is about to end, and has ended its cages. */
  void Dismiss();
  /** 0 if there is none. */
  pid_t pid();

 private:
  std::optional<CloneFailure> Start(ChildStarter& starter, const std::string& launcher);
  int Send(const void* message, size_t size, int fd);

  GuardianState* state_ = GuardianState::OfProcess();
};

}  // namespace memcage

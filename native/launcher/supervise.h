#pragma once

#include <sys/types.h>

#include <csignal>

namespace memcage::launcher {

/** What the supervisor's child must restore before it runs its program. */
struct SignalState {
  sigset_t mask;
  struct sigaction child_action;
};

struct Held {
  /** Whoever started the launcher has blocked all signals, and the program is to block none. */
  bool begins_held;
};

/** Blocks all signals, so that they wait until asked for. Call it before the fork, so that none is lost. */
SignalState HoldSignals(Held held);
void RestoreSignals(const SignalState& state);

struct Supervision {
  pid_t child;
  /** Where to write the child's wait status, or -1. */
  int status_fd;
  /** Where the child, if it is an init, writes the wait status of its own child, or -1. */
  int inner_status_fd;
};

/** Passes signals on, reaps all children that it gets, and ends as the child ends. */
[[noreturn]] void Supervise(const Supervision& supervision);

}  // namespace memcage::launcher

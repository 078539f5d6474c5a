#pragma once

#include <sys/types.h>

#include <csignal>

namespace memcage::launcher {

/** What the supervisor's child must restore before it runs its program. */
struct SignalState {
  sigset_t mask;
  struct sigaction child_action;
};

/**
 * Blocks all signals, so that they wait until asked for. Call it before the fork, so that none is lost. Both return 0
 * or a negative errno: with signals as they were nobody would notice the end of the child, and with all of them blocked
 * the program could not be ended.
 */
int HoldSignals(SignalState* state);
int RestoreSignals(const SignalState& state);

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

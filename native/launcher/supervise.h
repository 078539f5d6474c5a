#pragma once

#include <sys/types.h>

#include <csignal>

#include "sys/raw_call.h"

namespace memcage::launcher {

/** What the supervisor's child must restore before it runs its program. */
struct SignalState {
  sigset_t mask;
  struct sigaction child_action;
};

/**
 * Blocks all signals, so that they wait until asked for. Call it before the fork, so that none is lost. Look at
 * both results: with signals as they were nobody would notice the end of the child, and with all of them blocked the
 * program could not be ended.
 */
sys::Result HoldSignals(SignalState* state);
sys::Result RestoreSignals(const SignalState& state);

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

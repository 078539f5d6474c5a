#pragma once

#include <sys/types.h>

#include <csignal>

namespace memcage::launcher {

/** What a supervisor's child has to put back before it runs its program. */
struct SignalState {
  sigset_t mask;
  struct sigaction child_action;
};

/** From now on signals wait until they are asked for. Before the fork, so that none is lost. */
SignalState HoldSignals();
void RestoreSignals(const SignalState& state);

struct Supervision {
  pid_t child;
  /** Where to write how the child ended, or -1. */
  int status_fd;
  /** Where the child, being an init, writes how its own child ended, or -1. */
  int inner_status_fd;
};

/** Passes signals on, reaps whatever it is given, and ends as the child ends. */
[[noreturn]] void Supervise(const Supervision& supervision);

}  // namespace memcage::launcher

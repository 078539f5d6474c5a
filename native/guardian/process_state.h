#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>

namespace memcage {

/**
 * The state that a process has only once: the connection to its guardian, and how many cages its threads have. Copies
 * of the addon share its layout, for example if two packages each bring their own copy. Another layout needs another
 * name for the symbol.
 */
struct GuardianState {
  pthread_mutex_t mutex;
  int socket;
  pid_t pid;
  std::atomic<int> open_cages;

  /** The state of the copy that was loaded first. That copy then stays loaded, or it would go with a worker. */
  static GuardianState* OfProcess();
};

}  // namespace memcage

#pragma once

#include <pthread.h>
#include <sys/types.h>

namespace memcage {

/**
 * What a process has only once: the way to its guardian. Its layout is shared with other copies of the addon, as of two
 * packages that each bring their own: another layout needs another name of the symbol.
 */
struct GuardianState {
  pthread_mutex_t mutex;
  int socket;
  pid_t pid;

  /** That of the copy which was loaded first, which then stays loaded: the addon of a worker would go with it. */
  static GuardianState* OfProcess();
};

}  // namespace memcage

#pragma once

#include <pthread.h>

#include <csignal>

namespace memcage {

/**
 * Starts a thread with all signals blocked: they are for Node's threads. Returns 0 or a negative errno. Not
 * std::thread, which can report only by an exception that threads have run out.
 */
inline int StartThread(pthread_t* thread, void* (*entry)(void*), void* argument) {
  sigset_t all;
  sigset_t previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  const int failed = pthread_create(thread, nullptr, entry, argument);
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  return -failed;
}

}  // namespace memcage

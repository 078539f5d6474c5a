#pragma once

#include <napi.h>

#include <mutex>

#include "watch/watcher.h"

namespace memcage {

/** Brings the watcher's events from its thread into the event loop, by one thread-safe function. */
class EventDelivery {
 public:
  EventDelivery(Napi::Env env, Watcher* watcher) : env_(env), watcher_(*watcher) {}
  EventDelivery(const EventDelivery&) = delete;
  EventDelivery& operator=(const EventDelivery&) = delete;
  ~EventDelivery() { Release(); }

  /** Where events go; replaces the one before. */
  napi_status SetCallback(Napi::Function callback);
  /** Whether that keeps the event loop alive. */
  void SetRef(bool ref);
  /** There is something to deliver. In any thread. */
  void Notify();

 private:
  void Deliver(Napi::Env env, Napi::Function callback);
  void Release();

  Napi::Env env_;
  Watcher& watcher_;
  bool ref_ = false;
  std::mutex mutex_;
  /** Written by the environment's thread only, and with the mutex. */
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace memcage

#pragma once

#include <napi.h>

#include <mutex>

#include "watch/watcher.h"

namespace memcage {

/** Delivers the watcher's events from its thread to the event loop, through one thread-safe function. */
class EventDelivery {
 public:
  EventDelivery(Napi::Env env, Watcher* watcher) : env_(env), watcher_(*watcher) {}
  EventDelivery(const EventDelivery&) = delete;
  EventDelivery& operator=(const EventDelivery&) = delete;
  ~EventDelivery() { Release(); }

  /** Sets the function that gets the events, in place of the previous one. */
  napi_status SetCallback(Napi::Function callback);
  /** Sets whether it keeps the event loop alive. */
  void SetRef(bool ref);
  /** Says that there is something to deliver. Any thread may call it. */
  void Notify();

 private:
  void Deliver(Napi::Env env, Napi::Function callback);
  void Release();

  Napi::Env env_;
  Watcher& watcher_;
  bool ref_ = false;
  std::mutex mutex_;
  /** Only the environment's thread writes it, holding the mutex. */
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace memcage

#pragma once

#include <pthread.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clone/watchdog.h"
#include "sys/errors.h"
#include "sys/unique_fd.h"
#include "watch/child_exit.h"
#include "watch/exit_clean_up.h"
#include "watch/late_writes.h"
#include "watch/meters.h"

namespace memcage {

/**
 * One thread and one epoll set per environment, for every pidfd, every event fd, the vfork watchdog, all meters, and a
 * late write. It does not use libuv, since a prebuilt binary can't rely on libuv's ABI (nodejs/node 62789).
 */
class Watcher {
 public:
  enum class Kind { kChild, kDetachedChild, kEvent, kPriority, kStream, kUnwatchedChild };

  struct Event {
    int64_t id = 0;
    /** Empty if the event is that the fd is ready, or a meter's limit is reached. */
    std::optional<ChildExit> exit;
    /** What the meter shows, if the event is that its limit is reached. */
    std::optional<Meters::Reading> reached;
    int64_t time_ns = 0;
    /** Done before the event is taken; empty once it was tried. */
    std::optional<ExitCleanUp> clean_up;
    /** What the clean-up read; empty if it was not carried out. */
    std::optional<std::vector<std::string>> texts;
  };

  /** `notify` is called in the watcher's thread when there is, or is about to be, something to Take(). */
  Watcher(Watchdog* watchdog, std::function<void()> notify) : watchdog_(*watchdog), notify_(std::move(notify)) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() { Stop(); }

  /** Starts the thread if it is not running. */
  Expected<> EnsureThread();
  /** The events since the last call in any thread. Waits for clean-ups that are under way. */
  std::vector<Event> Take();
  /** Returns the id of its events, which no other fd gets in the life of the environment; or a negative errno. */
  int64_t Watch(int fd, Kind kind, std::optional<ExitCleanUp> clean_up);
  /**
   * Adds one event once the fd can be read, or written, or its other end is gone. Returns the id of its events, which
   * stays that of the fd until Unwatch(); or a negative errno.
   */
  int64_t Arm(int fd, bool reads, bool writes);
  /** Makes sure that a new child is killed and reaped if its thread is terminated before it calls Watch(). */
  void Keep(int pidfd);
  void DropCleanUp(int fd);
  void Unwatch(int fd);

  /** Call it after EnsureThread(). Returns the id of the meter and of its event, like Watch(); or a negative errno. */
  int64_t StartMeter(Meter meter);
  [[nodiscard]] Meters& meters() { return meters_; }
  /** Set it after EnsureThread(). */
  [[nodiscard]] LateWrites& late_writes() { return late_writes_; }

  /** Ends the thread, and kills and reaps children that must not outlive it. For the end of the environment. */
  void Stop();

 private:
  struct Watched {
    int64_t id = 0;
    Kind kind = Kind::kEvent;
    std::optional<ExitCleanUp> clean_up;
    /** Whether an event fd was ever signalled. Whoever was notified may have read it empty since. */
    bool signalled = false;
  };

  Expected<> OpenFds();
  void EndChildren();
  void Run();
  /** Adds an event for the ready fd to the queue. */
  void Handle(uint64_t key);
  bool HoldsAny();
  /** Takes the ends of children that their tracers let go. True if there was one, or one is no longer watched. */
  bool TakeReleased();
  /** Adds the child's end to the queue. False if its tracer has not let it go yet. Call it holding mutex_. */
  bool TakeExit(std::unordered_map<int, Watched>::iterator child);
  void CarryOutCleanUps();
  void LookAtMeters();
  bool HasBeenSignalled(int fd);

  Watchdog& watchdog_;
  Meters meters_;
  LateWrites late_writes_;
  const std::function<void()> notify_;
  UniqueFd epoll_;
  UniqueFd wake_;
  pthread_t thread_{};
  bool running_ = false;
  int64_t last_id_ = 0;

  /** Held while clean-ups are carried out, which Take() waits for. Always taken before mutex_. */
  std::mutex clean_ups_;
  std::mutex mutex_;
  std::unordered_map<int, Watched> watched_;
  /** Children that have ended, but that their tracers still hold. Nothing notifies when that changes. */
  std::vector<int> held_;
  std::vector<Event> queue_;
};

}  // namespace memcage

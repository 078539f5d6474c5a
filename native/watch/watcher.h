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
#include "sys/unique_fd.h"
#include "watch/child_exit.h"
#include "watch/exit_clean_up.h"

namespace memcage {

/**
 * One thread and one epoll set per environment for every pidfd, event fd, and the vfork watchdog. It does not use
 * libuv, whose ABI a prebuilt binary can't rely on (nodejs/node 62789).
 */
class Watcher {
 public:
  enum class Kind { kChild, kDetachedChild, kEvent, kPriority, kUnwatchedChild };
  struct Refusal {
    /** Negative errno; 0: nothing was refused. */
    int error = 0;
    const char* syscall = "";
  };

  struct Event {
    int64_t id = 0;
    /** None: the fd is ready. */
    std::optional<ChildExit> exit;
    int64_t time_ns = 0;
    /** To be carried out before the event is taken; gone once it has been, or when it could not be. */
    std::optional<ExitCleanUp> clean_up;
    /** What the clean-up has read; none when it was not carried out. */
    std::optional<std::vector<std::string>> texts;
  };

  /** `notify` is called in the watcher's thread: there is, or is about to be, something to Take(). */
  Watcher(Watchdog* watchdog, std::function<void()> notify) : watchdog_(*watchdog), notify_(std::move(notify)) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() { Stop(); }

  /** Start the thread if it is not running. */
  Refusal EnsureThread();
  /** What has happened since the last call, in any thread. Waits for clean-ups that are under way. */
  std::vector<Event> Take();
  /** An id that its events have, and no other fd's in the life of the environment; or a negative errno. */
  int64_t Watch(int fd, Kind kind, std::optional<ExitCleanUp> clean_up);
  /** A new child that ends with its thread, which may be terminated before it calls Watch(): then it is reaped. */
  void Keep(int pidfd);
  void DropCleanUp(int fd);
  void Unwatch(int fd);

  /** Ends the thread; children that must not outlive it are killed and reaped. For the end of the environment. */
  void Stop();

 private:
  struct Watched {
    int64_t id = 0;
    Kind kind = Kind::kEvent;
    std::optional<ExitCleanUp> clean_up;
    /** An event fd that has been signalled: whoever was told has perhaps read it empty since. */
    bool signalled = false;
  };

  Refusal OpenFds();
  void EndChildren();
  void Run();
  /** Adds what the ready fd means to the queue. */
  void Handle(int fd);
  bool HoldsAny();
  /** Takes the ends of children that their tracers have let go. Whether there was one, or one is not watched any more.
   */
  bool TakeReleased();
  /** Adds the child's end to the queue; false: its tracer has not let it go yet. With mutex_. */
  bool TakeExit(std::unordered_map<int, Watched>::iterator child);
  void CarryOutCleanUps();
  bool HasBeenSignalled(int fd);

  Watchdog& watchdog_;
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
  /** Children that have ended, but are still their tracers': nothing tells when that changes. */
  std::vector<int> held_;
  std::vector<Event> queue_;
};

}  // namespace memcage

#pragma once

#include <pthread.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cgroup/kill_memory.h"
#include "sys/errors.h"
#include "sys/unique_fd.h"
#include "watch/gauge.h"

namespace memcage {

/** A few fds that are kept until there are no others. While they are lent, another thread may take them. */
class FdReserve {
 public:
  /** What cgroup::KillAll() opens at a time to reach one cgroup. */
  static constexpr size_t kCount = 6;

  /** Frees them, for the caller to open others. */
  void Lend() {
    for (UniqueFd& fd : fds_) fd.Reset();
  }

  /** Takes as many as are free, by duplicating any `fd`. */
  void Refill(int fd);

 private:
  std::array<UniqueFd, kCount> fds_;
};

/** A limit of what a gauge measures in a cgroup. */
struct Meter {
  std::unique_ptr<Gauge> gauge;
  /** The directory of the cgroup in which everything is killed at the limit. Not valid: the limit is only told. */
  UniqueFd kill_dir;
};

/**
 * The meters of one environment. One timer in the epoll set of the watcher's thread serves all: it fires when the first
 * of them could have reached its limit. As long as that is reached the thread kills what is in that cgroup, again and
 * again until the meter is stopped: what was killed may have forked meanwhile, and others may come in. If the kernel
 * refuses, it tries again after longer and longer pauses, since a kill may hold the thread for a second.
 */
class Meters {
 public:
  struct Reading {
    int64_t value_us = 0;
    /** The highest value so far. */
    int64_t most_us = 0;
    StallSign sign = StallSign::kNone;
    /** How often the limit was reached. */
    int64_t times = 0;
    /** How often everything was killed. */
    int64_t kills = 0;
    /** The limit is reached, or was once. */
    bool is_reached = false;
    /** What the kernel refused in the last kill, as long as the limit is reached, or in the last look. */
    Refusal refused;
  };
  struct Reached {
    int64_t id = 0;
    Reading reading;
  };

  /** The timer to watch for EPOLLIN, or a negative errno. */
  int Open();

  /** Call it after Open(), with an id that no other meter has. Returns 0, or the negative errno of the first reading.
   */
  int Start(int64_t id, Meter meter);
  /**
   * Measures now, or returns the last reading if the cgroup is gone. Empty if there is no such meter. It waits for a
   * kill that goes on: what comes into the cgroup once it returns is not killed for what it has counted.
   */
  std::optional<Reading> Read(int64_t id);
  /**
   * Waits for a kill that goes on: once it returns, what comes into the cgroup is safe. Returns the last reading, or
   * nothing if there is no such meter.
   */
  std::optional<Reading> Stop(int64_t id);

  /** The watcher's thread calls it when the timer fires. Returns those whose limit is newly reached. */
  std::vector<Reached> Look();

 private:
  struct State {
    Meter meter;
    Reading last;
    /** The value at the last look. */
    int64_t looked_us = -1;
    /** The least time between two looks. */
    int64_t pause_ns = 0;
    int64_t due_ns = 0;
    bool is_told = false;
  };

  /** What the gauge has measured. */
  static void Note(State& state);
  /** Now and then: processors may come online. Call it holding mutex_. */
  void CountProcessors();
  /** When to look again after a look now. */
  int64_t NextLook(State& state);
  /** Call it holding mutex_. */
  void WaitForKill(int64_t id);
  /** Kills what is in its cgroup, and lets go of the lock meanwhile. False if the cgroup is gone. */
  bool Kill(State& state, std::unique_lock<std::mutex>& lock);
  void Schedule(int64_t id, State& state, int64_t due_ns);
  void SetTimer();

  /** No meter's id. */
  static constexpr int64_t kNone = -1;

  UniqueFd timer_;
  /** Made with the first meter, for the thread. */
  std::unique_ptr<cgroup::KillMemory> memory_;
  FdReserve reserve_;
  std::mutex mutex_;
  std::unordered_map<int64_t, State> meters_;
  /** The meter that the thread uses while it kills, or kNone. */
  int64_t killing_ = kNone;
  /** Signalled when it is kNone again. The C++ runtime's own would bring in code that throws. */
  pthread_cond_t killed_ = PTHREAD_COND_INITIALIZER;
  long processors_ = 0;
  /** When to count them next. */
  int64_t count_ns_ = 0;
  /** When to look at which. */
  std::set<std::pair<int64_t, int64_t>> due_;
  /** When the timer fires; 0 if it is not set. */
  int64_t timer_ns_ = 0;
};

}  // namespace memcage

#include "watch/meters.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cgroup/kill.h"
#include "cgroup/regain.h"
#include "sys/call_names.h"
#include "sys/clock.h"
#include "sys/online_processors.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1000 * kMs;

constexpr int64_t kLeastPauseNs = kMs;
/** The kernel adds the time of a process that runs at its clock's ticks, one to ten milliseconds apart. */
constexpr int64_t kMostPauseNs = 8 * kMs;
/** Between the kills of a cgroup in which nothing runs any more. */
constexpr int64_t kMostKillPauseNs = kSecond;
/** Between kills that the kernel refuses. */
constexpr int64_t kMostRefusedPauseNs = 10 * kSecond;
/** A pause after a refused kill is at least so many times longer than that took. */
constexpr int64_t kRefusedShare = 10;
/** How often to count the processors. */
constexpr int64_t kCountPauseNs = kSecond;
/** More processors than any kernel has, for as long as the kernel does not tell how many there are. */
constexpr long kMostProcessors = 8192;

}  // namespace

void FdReserve::Refill(int fd) {
  for (UniqueFd& kept : fds_) {
    if (!kept.valid()) kept.Reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  }
}

int Meters::Open() {
  if (!timer_.valid()) timer_.Reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  return timer_.valid() ? timer_.get() : sys::NegativeErrno();
}

int Meters::Start(int64_t id, Meter meter) {
  State state;
  state.meter = std::move(meter);
  if (const int error = state.meter.gauge->Look()) return error;
  Note(state);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!memory_) {
    memory_ = std::make_unique<cgroup::KillMemory>();
    reserve_.Refill(timer_.get());
  }
  if (!memory_->valid()) {
    memory_.reset();
    return -ENOMEM;
  }
  CountProcessors();
  State& started = meters_[id];
  started = std::move(state);
  Schedule(id, started, NextLook(started));
  SetTimer();
  return 0;
}

std::optional<Meters::Reading> Meters::Read(int64_t id) {
  std::unique_lock<std::mutex> lock(mutex_);
  WaitForKill(id);
  const auto found = meters_.find(id);
  if (found == meters_.end()) return std::nullopt;
  State& state = found->second;
  if (state.meter.gauge->Read() == 0) {
    Note(state);
    if (state.meter.gauge->is_reached() && !state.is_told) {
      Schedule(id, state, sys::MonotonicNs());
      SetTimer();
    }
  }
  return state.last;
}

std::optional<Meters::Reading> Meters::Stop(int64_t id) {
  std::unique_lock<std::mutex> lock(mutex_);
  WaitForKill(id);
  const auto found = meters_.find(id);
  if (found == meters_.end()) return std::nullopt;
  Reading last = found->second.last;
  due_.erase({found->second.due_ns, id});
  meters_.erase(found);
  return last;
}

std::vector<Meters::Reached> Meters::Look() {
  uint64_t expirations = 0;
  if (read(timer_.get(), &expirations, sizeof(expirations)) < 0 && errno == EAGAIN) return {};
  std::vector<Reached> reached;
  std::unique_lock<std::mutex> lock(mutex_);
  timer_ns_ = 0;
  CountProcessors();
  const int64_t now = sys::MonotonicNs();
  while (!due_.empty() && due_.begin()->first <= now) {
    const int64_t id = due_.begin()->second;
    due_.erase(due_.begin());
    State& state = meters_[id];
    Gauge& gauge = *state.meter.gauge;
    const int error = gauge.Look();
    // With the cgroup all that could reach the limit is gone.
    if (cgroup::IsGone(error)) continue;
    if (error != 0) {
      state.last.refused = {error, "pread", gauge.file()};
      Schedule(id, state, NextLook(state));
      continue;
    }
    Note(state);
    if (gauge.is_reached()) {
      bool exists = true;
      if (state.meter.kill_dir.valid()) {
        killing_ = id;
        exists = Kill(state, lock);
        killing_ = kNone;
        pthread_cond_broadcast(&killed_);
      }
      if (!state.is_told) {
        // After the kill: what comes in from now on is safe. Read() waits, so whoever sees the victims end reads this.
        ++state.last.times;
        reached.push_back({id, state.last});
      }
      state.is_told = true;
      if (!exists) continue;
    } else {
      state.last.refused = {};
    }
    if (!gauge.is_reached() && gauge.value_us() == 0) state.is_told = false;
    Schedule(id, state, NextLook(state));
  }
  SetTimer();
  return reached;
}

void Meters::Note(State& state) {
  const Gauge& gauge = *state.meter.gauge;
  state.last.value_us = gauge.value_us();
  state.last.most_us = std::max(state.last.most_us, state.last.value_us);
  state.last.sign = gauge.sign();
  if (gauge.is_reached()) state.last.is_reached = true;
}

void Meters::CountProcessors() {
  const int64_t now = sys::MonotonicNs();
  if (now < count_ns_) return;
  count_ns_ = now + kCountPauseNs;
  const long count = sys::OnlineProcessors();
  if (count > 0) processors_ = count;
  if (processors_ == 0) processors_ = kMostProcessors;
}

int64_t Meters::NextLook(State& state) {
  const bool is_refused = state.last.refused.error != 0;
  const bool is_idle = state.last.value_us == state.looked_us;
  state.looked_us = state.last.value_us;
  const bool is_reached = state.meter.gauge->is_reached();
  const int64_t most = is_refused ? kMostRefusedPauseNs : is_reached ? kMostKillPauseNs : kMostPauseNs;
  state.pause_ns = is_idle || is_refused ? std::min(state.pause_ns * 2, most) : kLeastPauseNs;
  const int64_t now = sys::MonotonicNs();
  return std::max(state.meter.gauge->DueNs(now, processors_), now + state.pause_ns);
}

void Meters::WaitForKill(int64_t id) {
  while (killing_ == id) pthread_cond_wait(&killed_, mutex_.native_handle());
}

bool Meters::Kill(State& state, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const int64_t begin = sys::MonotonicNs();
  // The fd table may be full.
  reserve_.Lend();
  const auto [by, file] = cgroup::KillAll(state.meter.kill_dir.get(), memory_->storage(), nullptr, 0);
  reserve_.Refill(timer_.get());
  const int64_t end = sys::MonotonicNs();
  lock.lock();
  if (cgroup::IsGone(by)) return false;
  state.last.refused = by < 0 ? Refusal{by.as_int(), sys::CallName(by.call), file} : Refusal{};
  if (by >= 0) {
    ++state.last.kills;
    state.meter.gauge->Restart();
  } else {
    state.pause_ns = std::max(state.pause_ns, (end - begin) * kRefusedShare);
  }
  return true;
}

void Meters::Schedule(int64_t id, State& state, int64_t due_ns) {
  due_.erase({state.due_ns, id});
  state.due_ns = due_ns;
  due_.emplace(due_ns, id);
}

void Meters::SetTimer() {
  if (due_.empty()) return;
  const int64_t first = due_.begin()->first;
  if (timer_ns_ != 0 && timer_ns_ <= first) return;
  timer_ns_ = first;
  itimerspec spec{};
  spec.it_value.tv_sec = static_cast<time_t>(first / kSecond);
  spec.it_value.tv_nsec = static_cast<long>(first % kSecond);
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace memcage

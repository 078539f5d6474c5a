#include "watch/watcher.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "sys/clock.h"
#include "sys/syscalls.h"
#include "sys/thread.h"

namespace memcage {
namespace {

constexpr int kBatch = 64;
/** How often to look for children that their tracers hold. */
constexpr int kHeldMs = 10;
constexpr int64_t kTeardownWaitNs = 1'000'000'000;
/** Longer than a clean-up takes, and about as long as falling asleep and waking up. */
constexpr int64_t kSpinNs = 50'000;

uint32_t Interest(Watcher::Kind kind) {
  switch (kind) {
    case Watcher::Kind::kChild:
    case Watcher::Kind::kDetachedChild:
      return EPOLLIN;
    case Watcher::Kind::kEvent:
      return EPOLLIN | EPOLLET;
    case Watcher::Kind::kPriority:
      return EPOLLPRI | EPOLLET;
    case Watcher::Kind::kStream:
    case Watcher::Kind::kUnwatchedChild:
      break;
  }
  return 0;
}

bool IsChild(Watcher::Kind kind) { return kind == Watcher::Kind::kChild || kind == Watcher::Kind::kDetachedChild; }

bool EndsWithEnvironment(Watcher::Kind kind) {
  return kind == Watcher::Kind::kChild || kind == Watcher::Kind::kUnwatchedChild;
}

/** Locks a mutex that is held only for a moment. */
class SpinLock {
 public:
  explicit SpinLock(std::mutex* mutex) : mutex_(mutex) {
    const int64_t end = sys::MonotonicNs() + kSpinNs;
    while (!mutex_->try_lock()) {
      if (sys::MonotonicNs() < end) continue;
      mutex_->lock();
      break;
    }
  }
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;
  ~SpinLock() { mutex_->unlock(); }

 private:
  std::mutex* mutex_;
};

/** What epoll returns for an fd: with its id, since an event may still come for an fd whose number is another's by now.
 */
uint64_t Key(int fd, int64_t id) { return uint64_t{static_cast<uint32_t>(id)} << 32 | static_cast<uint32_t>(fd); }

int FdOf(uint64_t key) { return static_cast<int>(static_cast<uint32_t>(key)); }

/** @param id 0 for the watcher's own */
int SetInEpoll(int epoll, int operation, int fd, uint32_t events, int64_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = Key(fd, id);
  return epoll_ctl(epoll, operation, fd, &event) < 0 ? sys::NegativeErrno() : 0;
}

int AddToEpoll(int epoll, int fd, uint32_t events, int64_t id = 0) {
  return SetInEpoll(epoll, EPOLL_CTL_ADD, fd, events, id);
}

}  // namespace

Expected<> Watcher::OpenFds() {
  if (epoll_.valid()) return {};
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Refusal{sys::NegativeErrno(), "epoll_create1"};
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return Refusal{sys::NegativeErrno(), "eventfd"};
  const int timer = watchdog_.Open();
  if (timer < 0) return Refusal{timer, "timerfd_create"};
  const int meter_timer = meters_.Open();
  if (meter_timer < 0) return Refusal{meter_timer, "timerfd_create"};
  const int late_timer = late_writes_.Open();
  if (late_timer < 0) return Refusal{late_timer, "timerfd_create"};
  for (const int fd : {wake.get(), timer, meter_timer, late_timer}) {
    if (const int error = AddToEpoll(epoll.get(), fd, EPOLLIN)) return Refusal{error, "epoll_ctl"};
  }
  epoll_ = std::move(epoll);
  wake_ = std::move(wake);
  return {};
}

Expected<> Watcher::EnsureThread() {
  if (running_) return {};
  if (Expected<> opened = OpenFds(); !opened) return opened;
  const int failed = StartThread(
      &thread_,
      [](void* self) -> void* {
        static_cast<Watcher*>(self)->Run();
        return nullptr;
      },
      this);
  if (failed < 0) return Refusal{failed, "pthread_create"};
  running_ = true;
  return {};
}

int64_t Watcher::Watch(int fd, Kind kind, std::optional<ExitCleanUp> clean_up) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int error = AddToEpoll(epoll_.get(), fd, Interest(kind), last_id_ + 1);
  if (error < 0) return error;
  last_id_ += 1;
  watched_[fd] = {last_id_, kind, std::move(clean_up), false};
  return last_id_;
}

int64_t Watcher::Arm(int fd, bool reads, bool writes) {
  // Once: else a stream that nobody reads meanwhile would be reported all the time, or after each write of its other
  // end.
  uint32_t events = EPOLLONESHOT;
  if (reads) events |= EPOLLIN;
  if (writes) events |= EPOLLOUT;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = watched_.find(fd);
  const bool is_new = found == watched_.end();
  const int64_t id = is_new ? last_id_ + 1 : found->second.id;
  const int error = SetInEpoll(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, events, id);
  if (error < 0) return error;
  if (is_new) {
    last_id_ = id;
    watched_[fd] = {id, Kind::kStream, std::nullopt, false};
  }
  return id;
}

void Watcher::Keep(int pidfd) {
  const std::lock_guard<std::mutex> lock(mutex_);
  watched_[pidfd] = {0, Kind::kUnwatchedChild, std::nullopt, false};
}

void Watcher::DropCleanUp(int fd) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = watched_.find(fd);
  if (found != watched_.end()) found->second.clean_up.reset();
}

void Watcher::Unwatch(int fd) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase(held_, fd);
  if (watched_.erase(fd) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

int64_t Watcher::StartMeter(Meter meter) {
  int64_t id = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    id = ++last_id_;
  }
  const int error = meters_.Start(id, std::move(meter));
  return error < 0 ? error : id;
}

void Watcher::Run() {
  prctl(PR_SET_NAME, "memcage-watch");
  epoll_event ready[kBatch];
  const uint64_t wake = Key(wake_.get(), 0);
  const uint64_t timer = Key(watchdog_.Open(), 0);
  const uint64_t meter_timer = Key(meters_.Open(), 0);
  const uint64_t late_timer = Key(late_writes_.Open(), 0);
  for (;;) {
    const int count = epoll_wait(epoll_.get(), ready, kBatch, HoldsAny() ? kHeldMs : -1);
    if (count < 0 && errno != EINTR) return;
    bool are_meters_due = false;
    {
      // Take() waits for this, so the event loop can be woken at once. Waking it takes about as long as a clean-up.
      const std::lock_guard<std::mutex> lock(clean_ups_);
      const auto is_timer = [&](const epoll_event& event) {
        return event.data.u64 == timer || event.data.u64 == meter_timer || event.data.u64 == late_timer;
      };
      if (!std::all_of(ready, ready + std::max(count, 0), is_timer)) notify_();
      for (int i = 0; i < count; ++i) {
        const uint64_t key = ready[i].data.u64;
        if (key == wake) return;
        if (key == timer) {
          watchdog_.Look();
        } else if (key == meter_timer) {
          are_meters_due = true;
        } else if (key == late_timer) {
          late_writes_.Look();
        } else {
          Handle(key);
        }
      }
      if (TakeReleased()) notify_();
      CarryOutCleanUps();
    }
    // A kill may take long, and Take() must not wait for it.
    if (are_meters_due) LookAtMeters();
  }
}

void Watcher::LookAtMeters() {
  const std::vector<Meters::Reached> all = meters_.Look();
  if (all.empty()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, reading] : all) {
      Event event{};
      event.id = id;
      event.reached = reading;
      event.time_ns = sys::MonotonicNs();
      queue_.push_back(std::move(event));
    }
  }
  notify_();
}

bool Watcher::HoldsAny() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !held_.empty();
}

bool Watcher::TakeReleased() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::erase_if(held_, [this](int fd) {
           const auto found = watched_.find(fd);
           return found == watched_.end() || TakeExit(found);
         }) > 0;
}

bool Watcher::TakeExit(std::unordered_map<int, Watched>::iterator child) {
  ChildExit exit;
  if (!ReapChild(child->first, WNOHANG, &exit)) return false;
  Event event{};
  event.id = child->second.id;
  if (exit.error == 0 && exit.code == CLD_EXITED) event.clean_up = std::move(child->second.clean_up);
  event.exit = exit;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, child->first, nullptr);
  watched_.erase(child);
  queue_.push_back(std::move(event));
  return true;
}

void Watcher::CarryOutCleanUps() {
  // Not under mutex_, which spawn() takes. Take() waits for clean_ups_, so meanwhile the queue does not shrink.
  for (Event& event : queue_) {
    if (!event.clean_up) continue;
    if (!HasBeenSignalled(event.clean_up->quiet_fd)) event.texts = CarryOut(*event.clean_up);
    event.clean_up.reset();
  }
}

bool Watcher::HasBeenSignalled(int fd) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = watched_.find(fd);
  return found != watched_.end() && found->second.signalled;
}

void Watcher::Handle(uint64_t key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int fd = FdOf(key);
  const auto found = watched_.find(fd);
  if (found == watched_.end() || Key(fd, found->second.id) != key) return;
  if (IsChild(found->second.kind)) {
    if (TakeExit(found)) return;
    // A tracer has not let it go yet. Its pidfd stays readable, so epoll would report it all the time.
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    held_.push_back(fd);
    return;
  }
  found->second.signalled = true;
  Event event{};
  event.id = found->second.id;
  event.time_ns = sys::MonotonicNs();
  queue_.push_back(std::move(event));
}

std::vector<Watcher::Event> Watcher::Take() {
  std::vector<Event> events;
  const SpinLock clean_ups(&clean_ups_);
  const std::lock_guard<std::mutex> lock(mutex_);
  events.swap(queue_);
  return events;
}

void Watcher::EndChildren() {
  // For children that a worker thread leaves when it is terminated. With the main thread, the process ends anyway.
  for (const auto& [fd, watched] : watched_) {
    if (EndsWithEnvironment(watched.kind)) sys::PidfdSendSignal(fd, SIGKILL);
  }
  const int64_t deadline = sys::MonotonicNs() + kTeardownWaitNs;
  for (const auto& [fd, watched] : watched_) {
    if (!EndsWithEnvironment(watched.kind)) continue;
    const int64_t left = std::max<int64_t>(deadline - sys::MonotonicNs(), 0);
    pollfd end{fd, POLLIN, 0};
    poll(&end, 1, static_cast<int>(left / 1'000'000));
    siginfo_t info{};
    sys::WaitPidfd(fd, &info, WEXITED | WNOHANG, nullptr);
  }
}

void Watcher::Stop() {
  if (running_) {
    const uint64_t one = 1;
    while (write(wake_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    pthread_join(thread_, nullptr);
    running_ = false;
  }
  late_writes_.MakeAll();
  EndChildren();
  watched_.clear();
}

}  // namespace memcage

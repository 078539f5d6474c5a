#include "watch/late_writes.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "cgroup/files.h"
#include "sys/clock.h"
#include "sys/errors.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

}  // namespace

int LateWrites::Open() {
  if (!timer_.valid()) timer_.Reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  return timer_.valid() ? timer_.get() : sys::NegativeErrno();
}

int64_t LateWrites::Add(UniqueFd file, std::string text, int64_t after_ns) {
  const std::lock_guard<std::mutex> lock(mutex_);
  last_id_ += 1;
  pending_.push_back({last_id_, std::move(file), std::move(text), sys::MonotonicNs() + after_ns});
  SetTimer();
  return last_id_;
}

Expected<> LateWrites::Make(int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Pending& each : pending_) {
    if (each.id != id) continue;
    Expected<> written = cgroup::WriteOpen(each.file.get(), each.text);
    if (written) Erase(id);
    return written;
  }
  return {};
}

void LateWrites::Drop(int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Erase(id);
}

void LateWrites::Look() {
  uint64_t expirations = 0;
  // It was set anew meanwhile.
  if (read(timer_.get(), &expirations, sizeof(expirations)) < 0 && errno == EAGAIN) return;
  MakeUntil(sys::MonotonicNs());
}

void LateWrites::MakeAll() { MakeUntil(std::numeric_limits<int64_t>::max()); }

void LateWrites::MakeUntil(int64_t due_ns) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (size_t at = pending_.size(); at-- > 0;) {
    if (pending_[at].due_ns > due_ns) continue;
    // The cgroup may be gone, and so its processes.
    [[maybe_unused]] const Expected<> written = cgroup::WriteOpen(pending_[at].file.get(), pending_[at].text);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  SetTimer();
}

void LateWrites::Erase(int64_t id) {
  pending_.erase(std::remove_if(pending_.begin(), pending_.end(), [id](const Pending& each) { return each.id == id; }),
                 pending_.end());
  SetTimer();
}

void LateWrites::SetTimer() {
  if (!timer_.valid()) return;
  itimerspec spec{};
  for (const Pending& each : pending_) {
    const int64_t set_ns = spec.it_value.tv_sec * kSecondNs + spec.it_value.tv_nsec;
    if (set_ns != 0 && set_ns <= each.due_ns) continue;
    spec.it_value.tv_sec = each.due_ns / kSecondNs;
    spec.it_value.tv_nsec = each.due_ns % kSecondNs;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace memcage

#include "watch/late_write.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "cgroup/files.h"
#include "sys/errors.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

}  // namespace

int LateWrite::Open() {
  if (!timer_.valid()) timer_.Reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  return timer_.valid() ? timer_.get() : sys::NegativeErrno();
}

void LateWrite::Set(UniqueFd file, std::string text, int64_t after_ns) {
  Write();
  const std::lock_guard<std::mutex> lock(mutex_);
  file_ = std::move(file);
  text_ = std::move(text);
  SetTimer(after_ns);
}

void LateWrite::Drop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  file_.Reset();
  if (timer_.valid()) SetTimer(0);
}

void LateWrite::Look() {
  uint64_t expirations = 0;
  // One that was set or dropped meanwhile has reset the timer.
  if (read(timer_.get(), &expirations, sizeof(expirations)) < 0 && errno == EAGAIN) return;
  Write();
}

void LateWrite::Write() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!file_.valid()) return;
  // The cgroup may be gone, and so its processes.
  [[maybe_unused]] const Expected<> written = cgroup::WriteOpen(file_.get(), text_);
  file_.Reset();
}

void LateWrite::SetTimer(int64_t after_ns) {
  itimerspec spec{};
  spec.it_value.tv_sec = after_ns / kSecondNs;
  spec.it_value.tv_nsec = after_ns % kSecondNs;
  timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

}  // namespace memcage

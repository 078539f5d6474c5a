#include "clone/watchdog.h"

#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "sys/clock.h"
#include "sys/proc_file.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

// A start takes well below a millisecond. One that is still under way after this time is really stuck.
constexpr int64_t kPeriodMs = 20;
constexpr int64_t kMillisecond = 1'000'000;

std::string_view ReadStart(int fd, char* buffer, size_t size) {
  const ssize_t length = pread(fd, buffer, size, 0);
  return {buffer, length > 0 ? static_cast<size_t>(length) : 0};
}

}  // namespace

bool IsFrozen(int cgroup_fd, int thaw_fd) {
  char buffer[256];
  if (cgroup_fd >= 0) {
    const UniqueFd events(openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC));
    const UniqueFd freeze(openat(cgroup_fd, "cgroup.freeze", O_RDONLY | O_CLOEXEC));
    // cgroup.events also shows a frozen ancestor, but only once every task has stopped.
    if (ReadStart(events.get(), buffer, sizeof(buffer)).find("frozen 1") != std::string_view::npos ||
        ReadStart(freeze.get(), buffer, sizeof(buffer)).starts_with("1")) {
      return true;
    }
  }
  // FROZEN or FREEZING, as opposed to THAWED.
  return thaw_fd >= 0 && ReadStart(thaw_fd, buffer, sizeof(buffer)).starts_with("F");
}

bool IsSuspended(pid_t thread) {
  const sys::ProcFile stat(thread, "stat");
  const std::string_view text(stat.text());
  // proc(5): the name is in brackets, and may have some itself.
  const size_t name_end = text.rfind(") ");
  // TASK_KILLABLE, in wait_for_vfork_done() of the kernel.
  return name_end == std::string_view::npos || text.substr(name_end + 2).starts_with("D");
}

void Thaw(int thaw_fd) {
  if (thaw_fd < 0) return;
  constexpr std::string_view kThawed = "THAWED";
  [[maybe_unused]] const ssize_t written = pwrite(thaw_fd, kThawed.data(), kThawed.size(), 0);
}

int Watchdog::Open() {
  if (!timer_.valid()) timer_.Reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  return timer_.valid() ? timer_.get() : sys::NegativeErrno();
}

void Watchdog::SetTimer(int64_t period_ms) {
  itimerspec spec{};
  spec.it_interval.tv_nsec = period_ms * kMillisecond;
  spec.it_value = spec.it_interval;
  timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

void Watchdog::Arm(const Wait& wait) {
  const std::lock_guard<std::mutex> lock(mutex_);
  wait_ = wait;
  armed_ns_ = sys::MonotonicNs();
  armed_ = true;
  killed_ = false;
  if (!ticking_) SetTimer(kPeriodMs);
  ticking_ = true;
}

bool Watchdog::Disarm() {
  const std::lock_guard<std::mutex> lock(mutex_);
  armed_ = false;
  return killed_;
}

void Watchdog::Look() {
  uint64_t expirations = 0;
  if (read(timer_.get(), &expirations, sizeof(expirations)) < 0 && errno == EAGAIN) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!armed_) {
    // Stop the timer only now: in a series of starts it need not be set again.
    SetTimer(0);
    ticking_ = false;
    return;
  }
  const int pidfd = *wait_.pidfd;
  if (pidfd < 0) return;
  // The timer runs on from one start to the next, so this start may have just begun.
  const int64_t waited_ns = sys::MonotonicNs() - armed_ns_;
  if (waited_ns < kPeriodMs * kMillisecond) return;
  const bool is_late = waited_ns >= wait_.timeout_ms * kMillisecond;
  if (!is_late && !(IsFrozen(wait_.cgroup_fd, wait_.thaw_fd) && IsSuspended(wait_.thread))) return;
  // This fails if the child has ended by itself, or if the kernel has stored the pidfd's number but not finished the
  // clone. Then the next look comes soon enough.
  if (sys::PidfdSendSignal(pidfd, SIGKILL) == 0) killed_ = true;
  Thaw(wait_.thaw_fd);
}

}  // namespace memcage

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>

#include "binding/bindings.h"
#include "binding/function.h"
#include "binding/instance.h"
#include "sys/become_program.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

Expected<UniqueFd> PidfdOpen(int pid) {
  const sys::Result fd = sys::PidfdOpen(pid);
  if (fd < 0) return Refusal{fd.as_int(), "pidfd_open"};
  return UniqueFd(fd);
}

Expected<> PidfdSendSignal(int pidfd, int signal) {
  const sys::Result sent = sys::PidfdSendSignal(pidfd, signal);
  if (sent < 0) return Refusal{sent.as_int(), "pidfd_send_signal"};
  return {};
}

Expected<> Reap(Napi::Env env, int pidfd) {
  siginfo_t status{};
  const sys::Result reaped = sys::WaitPidfd(pidfd, &status, WEXITED, nullptr);
  if (reaped < 0) return Refusal{reaped.as_int(), "waitid"};
  Instance::Of(env).watcher.Unwatch(pidfd);
  return {};
}

/** Infinity for none. */
double ToJsAmount(uint64_t amount) {
  return amount == RLIM_INFINITY ? std::numeric_limits<double>::infinity() : static_cast<double>(amount);
}

Expected<double> LimitData(int pid, std::optional<double> soft) {
  sys::Limits limits{};
  sys::Result done = sys::Prlimit(pid, RLIMIT_DATA, nullptr, &limits);
  const double before = ToJsAmount(limits.soft);
  if (done >= 0 && soft) {
    limits.soft = *soft < ToJsAmount(limits.hard) ? static_cast<uint64_t>(*soft) : limits.hard;
    done = sys::Prlimit(pid, RLIMIT_DATA, &limits, nullptr);
  }
  if (done < 0) return Refusal{done.as_int(), "prlimit64"};
  return before;
}

// The least that the kernel takes.
constexpr uint64_t kShortestSliceNs = 100'000;
constexpr int kNice = -10;

/** struct sched_attr of the first version, which older headers lack. */
struct SchedAttr {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

Expected<> HurryThread() {
  SchedAttr attr{};
  sys::Result done = sys::Call(SYS_sched_getattr, 0, &attr, sizeof attr, 0);
  if (done < 0) return Refusal{done.as_int(), "sched_getattr"};
  // With another policy, somebody has decided how urgent this thread is.
  if (attr.policy != SCHED_OTHER) return {};
  attr.runtime = kShortestSliceNs;
  const int own_nice = attr.nice;
  attr.nice = std::min(own_nice, kNice);
  done = sys::Call(SYS_sched_setattr, 0, &attr, 0);
  if (done == -EPERM) {
    attr.nice = own_nice;
    done = sys::Call(SYS_sched_setattr, 0, &attr, 0);
  }
  if (done < 0) return Refusal{done.as_int(), "sched_setattr"};
  return {};
}

/** Returns only if this process has not become the program. */
Expected<> Execve(Napi::Env env, const char* file, char* const* args, char* const* variables) {
  // With it, the program would share its working directory, and get no rights by exec: see LSM_UNSAFE_SHARE in the
  // kernel.
  Instance::Of(env).starter.End();
  return Refusal{sys::BecomeProgram(file, args, variables), "execve", file};
}

}  // namespace

void RegisterProcess(Napi::Object exports) {
  Add<PidfdOpen, "pid">(exports, "pidfdOpen");
  Add<PidfdSendSignal, "pidfd", "signal">(exports, "pidfdSendSignal");
  Add<LimitData, "pid", "soft">(exports, "limitData");
  Add<HurryThread>(exports, "hurryThread");
  Add<Reap, "pidfd">(exports, "reap");
  Add<Execve, "file", "args", "env">(exports, "execve");
}

}  // namespace memcage

#include "clone/child_settings.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <cstring>

#include "clone/child.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;

constexpr Resource kResources[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

constexpr const char* kOomScoreAdj = "/proc/self/oom_score_adj";

/**
 * A vfork child is spared what the kernel does since Linux 4.8: give the score to all that share its memory.
 * /proc/self is this process in the /proc of its own PID namespace, and in that of one around.
 */
void SetOomScoreAdj(const SpawnPlan& plan) {
  const char* text = plan.settings.oom_score_adj;
  if (text == nullptr) return;
  const sys::Result fd = Call(SYS_openat, AT_FDCWD, kOomScoreAdj, O_WRONLY | O_CLOEXEC, 0);
  Check(plan, Stage::kOomScoreAdj, fd, kOomScoreAdj);
  Check(plan, Stage::kOomScoreAdj, Call(SYS_write, fd, text, strlen(text)), kOomScoreAdj);
  Call(SYS_close, fd);
}

// ppoll(2) takes no more fds than the soft limit, and DieWithParent() gives it one.
constexpr uint64_t kLeastFiles = 1;

bool IsTooFewFiles(const Rlimit& limit) {
  return ResourceAt(limit.resource).number == RLIMIT_NOFILE && limit.soft < kLeastFiles;
}

void SetRlimit(const SpawnPlan& plan, const Resource& resource, uint64_t soft, uint64_t hard) {
  // Raw: a C library's struct rlimit may have other sizes than the system call.
  const uint64_t values[2] = {soft, hard};
  Check(plan, Stage::kRlimits, Call(SYS_prlimit64, 0, resource.number, values, nullptr), resource.name);
}

void SetRlimits(const SpawnPlan& plan) {
  for (const Rlimit& limit : plan.settings.rlimits) {
    if (IsTooFewFiles(limit)) {
      SetRlimit(plan, ResourceAt(limit.resource), kLeastFiles, limit.hard < kLeastFiles ? kLeastFiles : limit.hard);
    } else {
      SetRlimit(plan, ResourceAt(limit.resource), limit.soft, limit.hard);
    }
  }
}

}  // namespace

int FindResource(std::string_view name) {
  for (const Resource& resource : kResources) {
    if (name == resource.name) return static_cast<int>(&resource - kResources);
  }
  return -1;
}

const Resource& ResourceAt(int place) { return kResources[place]; }

void ApplySettings(const SpawnPlan& plan) {
  SetOomScoreAdj(plan);
  SetRlimits(plan);
  // After the limits: RLIMIT_NICE says how far a process without CAP_SYS_NICE may go.
  if (plan.settings.nice) Check(plan, Stage::kNice, Call(SYS_setpriority, PRIO_PROCESS, 0, *plan.settings.nice));
}

void FinishSettings(const SpawnPlan& plan) {
  for (const Rlimit& limit : plan.settings.rlimits) {
    if (IsTooFewFiles(limit)) SetRlimit(plan, ResourceAt(limit.resource), limit.soft, limit.hard);
  }
}

}  // namespace memcage

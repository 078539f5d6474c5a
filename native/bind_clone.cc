#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <variant>

#include "args.h"
#include "bindings.h"
#include "child.h"
#include "clone_call.h"
#include "errors.h"
#include "instance.h"
#include "spawn_plan.h"
#include "syscalls.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace memcage {
namespace {

constexpr uint32_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                     CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;

/** Blocks every signal, those the C library keeps for itself included, for the calling thread. */
class SignalBlock {
 public:
  SignalBlock() {
    const uint64_t all = ~uint64_t{0};
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &previous_, sizeof(previous_));
  }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;
  ~SignalBlock() { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &previous_, nullptr, sizeof(previous_)); }

 private:
  uint64_t previous_ = 0;
};

SpawnRequest ReadRequest(Options& options) {
  SpawnRequest request;
  request.file = options.String("file");
  request.args = options.Strings("args");
  request.env = options.Strings("env");
  request.cwd = options.OptionalString("cwd");
  request.stdio = options.Ints("stdio");
  request.detached = options.Bool("detached");
  request.kill_with_parent = options.Bool("killWithParent");
  request.namespaces = options.Uint("namespaces");
  request.hostname = options.OptionalString("hostname");
  if (std::optional<Napi::Object> maps = options.OptionalObject("idMaps")) {
    Options id_maps(options.env(), *maps);
    request.uid_map = id_maps.String("uidMap");
    request.gid_map = id_maps.String("gidMap");
  }
  request.private_mounts = options.Bool("privateMounts");
  request.mount_proc = options.Bool("mountProc");
  request.loopback = options.Bool("loopback");
  request.uid = options.OptionalUint("uid");
  request.gid = options.OptionalUint("gid");
  request.groups = options.OptionalUints("groups");
  request.into_cgroup_fd = options.OptionalInt("intoCgroupFd");
  request.join_fds = options.Ints("joinFds");
  request.share_memory = options.Bool("shareMemory");
  request.watchdog_ms = options.Int("watchdogMs");
  request.thaw_fd = options.OptionalInt("thawFd");
  return request;
}

/** What would change the caller's own namespaces, or open its memory to another user. nullptr: nothing. */
const char* Refusal(const SpawnRequest& request) {
  const auto lacks = [&](uint32_t flag) { return (request.namespaces & flag) == 0; };
  if ((request.namespaces & ~kNamespaceFlags) != 0) return "Expected only CLONE_NEW* in namespaces";
  if (request.args.empty()) return "Expected at least one entry in args";
  if (request.watchdog_ms <= 0) return "Expected a positive number for watchdogMs";
  if (request.hostname && lacks(CLONE_NEWUTS)) return "hostname needs CLONE_NEWUTS";
  if (request.uid_map && lacks(CLONE_NEWUSER)) return "idMaps needs CLONE_NEWUSER";
  if (request.private_mounts && lacks(CLONE_NEWNS)) return "privateMounts needs CLONE_NEWNS";
  if (request.mount_proc && (lacks(CLONE_NEWNS) || lacks(CLONE_NEWPID) || !request.private_mounts)) {
    return "mountProc needs CLONE_NEWNS, CLONE_NEWPID and privateMounts";
  }
  if (request.loopback && lacks(CLONE_NEWNET)) return "loopback needs CLONE_NEWNET";
  // A uid change makes the memory undumpable, the parent's too while it is shared; and undoing that would let the
  // other user look into it through the next child that is still between clone and exec.
  if (request.share_memory && (request.uid || request.gid)) {
    return "uid and gid need shareMemory to be false";
  }
  return nullptr;
}

struct Failure {
  Stage stage;
  int error;
  std::string path;
};

/** Reaps a child that has failed before exec and is ending. */
void Reap(int pidfd) {
  siginfo_t info{};
  sys::WaitPidfd(pidfd, &info, WEXITED, nullptr);
}

std::string Subject(const Report& report) {
  if (report.subject != nullptr) return report.subject;
  return report.fd >= 0 ? "fd " + std::to_string(report.fd) : std::string();
}

/** The pid, and the pidfd in `pidfd`; or what failed, and no child left. */
std::variant<pid_t, Failure> Start(Instance& instance, SpawnRequest& request, UniqueFd* pidfd) {
  int error = instance.watcher.EnsureThread();
  if (error < 0) return Failure{Stage::kWatchdog, error, "thread"};
  error = instance.stack.Ensure();
  if (error < 0) return Failure{Stage::kClone, error, "stack"};
  const int parent = request.kill_with_parent ? instance.SelfPidfd() : -1;
  if (request.kill_with_parent && parent < 0) {
    return Failure{Stage::kParentDeath, parent, "pidfd_open"};
  }

  Report* report = instance.stack.report();
  *report = {Stage::kClone, 0, nullptr, -1};
  SpawnPlan plan = request.Plan(report, parent);
  volatile int cloned_pidfd = -1;

  CloneRequest call{};
  call.flags = CLONE_VFORK | CLONE_PIDFD | (request.share_memory ? CLONE_VM : 0) |
               (request.namespaces & ~uint32_t{CLONE_NEWCGROUP});
  call.pidfd = const_cast<int*>(&cloned_pidfd);
  call.stack_base = instance.stack.base();
  call.stack_size = VforkStack::size();
  call.cgroup_fd = request.into_cgroup_fd.value_or(-1);

  Watchdog& watchdog = instance.watcher.watchdog();
  long pid = 0;
  bool killed = false;
  {
    const SignalBlock block;
    watchdog.Arm({&cloned_pidfd, call.cgroup_fd, request.thaw_fd.value_or(-1), request.watchdog_ms});
    pid =
        CloneChild(call, [](void* child_plan) -> int { RunChild(*static_cast<const SpawnPlan*>(child_plan)); }, &plan);
    killed = watchdog.Disarm();
  }
  if (pid < 0) return Failure{Stage::kClone, static_cast<int>(pid), {}};
  pidfd->Reset(cloned_pidfd);
  if (killed) {
    Reap(pidfd->get());
    return Failure{Stage::kWatchdog, -ETIMEDOUT, request.file};
  }
  if (report->error != 0) {
    Reap(pidfd->get());
    return Failure{report->stage, report->error, Subject(*report)};
  }
  return static_cast<pid_t>(pid);
}

Napi::Value Clone(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Options options(info);
  SpawnRequest request = ReadRequest(options);
  if (!options.ok()) return env.Undefined();
  if (const char* refusal = Refusal(request)) {
    ThrowInvalidArgument(env, refusal);
    return env.Undefined();
  }
  Instance& instance = Instance::Of(env);
  UniqueFd pidfd;
  const std::variant<pid_t, Failure> result = Start(instance, request, &pidfd);
  Napi::Object object = Napi::Object::New(env);
  if (const Failure* failure = std::get_if<Failure>(&result)) {
    object.Set("stage", kStageNames[static_cast<int>(failure->stage)]);
    object.Set("errno", failure->error);
    object.Set("path", failure->path);
  } else {
    if (request.kill_with_parent) instance.watcher.Keep(pidfd.get());
    object.Set("pid", *std::get_if<pid_t>(&result));
    object.Set("pidfd", instance.HandOut(std::move(pidfd)));
  }
  return object;
}

}  // namespace

void RegisterClone(Napi::Env env, Napi::Object exports) {
  exports.Set("clone", Napi::Function::New(env, Clone, "clone"));

  Napi::Object constants = Napi::Object::New(env);
#define MEMCAGE_CONSTANT(name) constants.Set(#name, static_cast<double>(name));
  MEMCAGE_CONSTANT(CLONE_NEWTIME)
  MEMCAGE_CONSTANT(CLONE_FS)
  MEMCAGE_CONSTANT(CLONE_NEWNS)
  MEMCAGE_CONSTANT(CLONE_NEWCGROUP)
  MEMCAGE_CONSTANT(CLONE_NEWUTS)
  MEMCAGE_CONSTANT(CLONE_NEWIPC)
  MEMCAGE_CONSTANT(CLONE_NEWUSER)
  MEMCAGE_CONSTANT(CLONE_NEWPID)
  MEMCAGE_CONSTANT(CLONE_NEWNET)
#undef MEMCAGE_CONSTANT
  constants.Set("pageSize", static_cast<double>(sysconf(_SC_PAGESIZE)));
  exports.Set("constants", constants);

  Napi::Array stages = Napi::Array::New(env);
  uint32_t index = 0;
  for (const char* name : kStageNames) stages.Set(index++, name);
  exports.Set("stages", stages);
}

}  // namespace memcage

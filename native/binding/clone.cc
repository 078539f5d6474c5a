#include <sched.h>
#include <unistd.h>

#include <span>
#include <string>
#include <utility>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/root.h"
#include "binding/throw.h"
#include "binding/to_js.h"
#include "clone/clone_call.h"
#include "clone/spawn_request.h"
#include "sys/call_names.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace memcage {
namespace {

constexpr uint32_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                     CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;

constexpr uint32_t kCapabilityBits = 64;

constexpr const char* kOnlyNamespaces = "Expected only CLONE_NEW* in namespaces";

/** A number of JavaScript has no 64 bits: what is beyond them is unlimited. */
uint64_t ToRlimit(double amount) {
  return amount >= static_cast<double>(kUnlimited) ? kUnlimited : static_cast<uint64_t>(amount);
}

std::vector<Rlimit> ReadRlimits(ArgumentReader& options) {
  std::vector<Rlimit> rlimits;
  for (Napi::Object object : options.OptionalObjects("rlimits")) {
    ArgumentReader limit(options, object);
    const std::string name = limit.String("name");
    const double soft = limit.Amount("soft");
    const double hard = limit.Amount("hard");
    rlimits.push_back({FindResource(name), ToRlimit(soft), ToRlimit(hard)});
  }
  return rlimits;
}

std::optional<uint64_t> ReadCapabilities(ArgumentReader& options) {
  const std::optional<std::vector<uint32_t>> numbers = options.OptionalUints("capabilities");
  if (!numbers) return std::nullopt;
  uint64_t bits = 0;
  for (const uint32_t number : *numbers) {
    if (number >= kCapabilityBits) {
      options.Refuse("Expected numbers below 64 for capabilities");
      break;
    }
    bits |= uint64_t{1} << number;
  }
  return bits;
}

SpawnRequest ReadRequest(ArgumentReader& options) {
  SpawnRequest request;
  request.file = options.String("file");
  request.args = options.Strings("args");
  request.env = options.Block("env");
  request.cwd = options.OptionalString("cwd");
  request.stdio = options.Ints("stdio");
  request.detached = options.Bool("detached");
  request.hold_signals = options.OptionalBool("holdSignals");
  request.kill_with_parent = options.Bool("killWithParent");
  request.namespaces = options.Uint("namespaces");
  request.hostname = options.OptionalString("hostname");
  if (std::optional<Napi::Object> maps = options.OptionalObject("idMaps")) {
    ArgumentReader id_maps(options, *maps);
    request.uid_map = id_maps.String("uidMap");
    request.gid_map = id_maps.String("gidMap");
  }
  for (Napi::Object object : options.OptionalObjects("idMapPrograms")) {
    ArgumentReader program(options, object);
    std::string file = program.String("file");
    request.id_map_programs.push_back({std::move(file), program.Strings("args")});
  }
  request.private_mounts = options.Bool("privateMounts");
  request.mount_proc = options.Bool("mountProc");
  request.root = ReadRoot(options);
  request.file_outside = options.OptionalBool("fileOutside");
  request.loopback = options.Bool("loopback");
  request.uid = options.OptionalUint("uid");
  request.gid = options.OptionalUint("gid");
  request.groups = options.OptionalUints("groups");
  request.rlimits = ReadRlimits(options);
  if (const std::optional<int> score = options.OptionalInt("oomScoreAdj")) {
    request.oom_score_adj = std::to_string(*score);
  }
  request.nice = options.OptionalInt("nice");
  request.capabilities = ReadCapabilities(options);
  request.no_new_privs = options.OptionalBool("noNewPrivs");
  const std::optional<TypedArray<uint8_t>> seccomp = options.OptionalBytes("seccomp");
  request.seccomp_early = options.OptionalBool("seccompEarly");
  request.into_cgroup_fd = options.OptionalInt("intoCgroupFd");
  request.join_fds = options.Ints("joinFds");
  request.pids_fd = options.OptionalInt("pidsFd");
  request.share_memory = options.Bool("shareMemory");
  request.watchdog_ms = options.Int("watchdogMs");
  request.thaw_fd = options.OptionalInt("thawFd");
  request.closes_fds = options.OptionalBool("closesFds");
  if (seccomp) {
    const std::span<uint8_t> filter = seccomp->Elements();
    request.seccomp.emplace(filter.begin(), filter.end());
  }
  return request;
}

/**
 * Why the request is refused: among other reasons, it would change the caller's own namespaces, or expose the caller's
 * memory to another user. nullptr if it is not.
 */
const char* WhyRefused(const SpawnRequest& request) {
  const auto lacks = [&](uint32_t flag) { return (request.namespaces & flag) == 0; };
  if ((request.namespaces & ~kNamespaceFlags) != 0) return kOnlyNamespaces;
  if (request.args.empty()) return "Expected at least one entry in args";
  if (request.watchdog_ms <= 0) return "Expected a positive number for watchdogMs";
  if (request.hostname && lacks(CLONE_NEWUTS)) return "hostname needs CLONE_NEWUTS";
  if (request.uid_map && lacks(CLONE_NEWUSER)) return "idMaps needs CLONE_NEWUSER";
  if (!request.id_map_programs.empty() && (lacks(CLONE_NEWUSER) || request.uid_map)) {
    return "idMapPrograms needs CLONE_NEWUSER, and no idMaps";
  }
  if (request.private_mounts && lacks(CLONE_NEWNS)) return "privateMounts needs CLONE_NEWNS";
  if (request.mount_proc && (lacks(CLONE_NEWNS) || lacks(CLONE_NEWPID) || !request.private_mounts)) {
    return "mountProc needs CLONE_NEWNS, CLONE_NEWPID and privateMounts";
  }
  if (request.root) {
    if (lacks(CLONE_NEWNS) || !request.private_mounts) return "root needs CLONE_NEWNS and privateMounts";
    if (request.mount_proc || request.cwd) return "root needs mountProc to be false, and no cwd: it has both";
    if (request.root->proc == RootProc::kNew && lacks(CLONE_NEWPID)) return "A new proc in root needs CLONE_NEWPID";
    if (const char* refusal = WhyRefused(*request.root)) return refusal;
  }
  if (request.file_outside && (!request.root || !request.file.starts_with('/'))) {
    return "fileOutside needs root, and an absolute path for file";
  }
  // letsStart() in lib/process/settings/seccomp-filter.ts knows nothing of execveat(2).
  if (request.file_outside && request.seccomp) return "fileOutside needs seccomp to be left out";
  for (const Rlimit& limit : request.rlimits) {
    if (limit.resource == nullptr) return "Expected the name of an RLIMIT_* in lower case, without RLIMIT_, in rlimits";
  }
  if (request.seccomp && !IsFilterSize(request.seccomp->size())) {
    return "Expected 1 to 4096 instructions of 8 bytes for seccomp";
  }
  if (request.loopback && lacks(CLONE_NEWNET)) return "loopback needs CLONE_NEWNET";
  // A uid change makes the memory undumpable, and the parent's too while it is shared. Undoing that would let the other
  // user look into it through the next child that is still between clone and exec.
  if (request.share_memory && (request.uid || request.gid)) {
    return "uid and gid need shareMemory to be false";
  }
  // The steps that come after it would have to pass it, and a filter that kills the child dumps the memory that it has:
  // to a core file, and before Linux 5.16 with the death of all that share it.
  if (request.share_memory && request.seccomp_early) return "seccompEarly needs shareMemory to be false";
  return nullptr;
}

/** Closes the fds that were only for this child. */
void CloseFds(Instance& instance, const SpawnRequest& request) {
  for (const int fd : request.join_fds) instance.Close(fd);
  if (request.pids_fd) instance.Close(*request.pids_fd);
  if (request.into_cgroup_fd) instance.Close(*request.into_cgroup_fd);
  if (request.thaw_fd) instance.Close(*request.thaw_fd);
}

Napi::Value Clone(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  SpawnRequest request = ReadRequest(options);
  if (!options.ok()) return env.Undefined();
  if (const char* refusal = WhyRefused(request)) {
    ThrowInvalidArgument(env, refusal);
    return env.Undefined();
  }
  Instance& instance = Instance::Of(env);
  UniqueFd pidfd;
  const Expected<pid_t, CloneFailure> result = instance.starter.Start(request, &pidfd);
  if (request.closes_fds) CloseFds(instance, request);
  if (!result) return ToJs(env, result.error());
  if (request.kill_with_parent) instance.watcher.Keep(pidfd.get());
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", *result);
  object.Set("pidfd", instance.HandOut(std::move(pidfd)));
  return object;
}

CloneFailure Refused(Stage stage, const sys::Result& by) {
  return {stage, static_cast<int>(by), {}, {}, sys::CallName(by.call)};
}

Napi::Value AskFilters(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  const uint32_t namespaces = options.Uint("namespaces");
  if (!options.ok()) return env.Undefined();
  if ((namespaces & ~kNamespaceFlags) != 0) {
    ThrowInvalidArgument(env, kOnlyNamespaces);
    return env.Undefined();
  }
  const uint32_t cloned = namespaces & ~uint32_t{CLONE_NEWCGROUP};
  const sys::Result clone = CloneRefusal(cloned | CLONE_VFORK | CLONE_PIDFD);
  if (clone < 0) return ToJs(env, Refused(Stage::kClone, clone));
  if ((namespaces & CLONE_NEWCGROUP) == 0) return env.Null();
  const sys::Result unshare = UnshareRefusal(CLONE_NEWCGROUP);
  return unshare < 0 ? Napi::Value(ToJs(env, Refused(Stage::kCgroupNamespace, unshare))) : env.Null();
}

}  // namespace

void RegisterClone(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("clone", Napi::Function::New(env, Clone, "clone"));
  exports.Set("cloneRefusal", Napi::Function::New(env, AskFilters, "cloneRefusal"));

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

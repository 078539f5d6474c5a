#include <sched.h>
#include <unistd.h>

#include <span>
#include <string>
#include <utility>
#include <variant>

#include "binding/bindings.h"
#include "binding/function.h"
#include "binding/instance.h"
#include "binding/throw.h"
#include "clone/clone_call.h"
#include "sys/call_names.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace memcage {
namespace {

constexpr uint32_t kNamespaceFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                     CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;
constexpr const char* kOnlyNamespaces = "Expected only CLONE_NEW* in namespaces";

enum class MountKind { kBind, kTmpfs };

struct IdMaps {
  const char* uid_map = nullptr;
  const char* gid_map = nullptr;
};

}  // namespace

template <>
struct NamesOf<MountKind> {
  static constexpr Named<MountKind> kAll[] = {{"bind", MountKind::kBind}, {"tmpfs", MountKind::kTmpfs}};
};

template <>
struct NamesOf<RootProc> {
  static constexpr Named<RootProc> kAll[] = {
      {"new", RootProc::kNew}, {"bind", RootProc::kBind}, {"keep", RootProc::kKeep}};
};

/** The options of clone(). */
struct CloneOptions {
  ChildStart start;
  std::optional<int> oom_score_adj;
  /** Numbers of those to keep. */
  std::optional<std::vector<uint32_t>> capabilities;
  std::vector<IdMapProgram> id_map_programs;
  /** The executable of the starter through which to start it; empty: it shares this process's memory until exec. */
  std::string starter;
  /** To run a copy in memory of the file. */
  bool is_sealed = false;
  /** Where its views point to. */
  Memory* memory = nullptr;
};

void ReadOptions(Options& options, TmpfsOptions* tmpfs) {
  options.ReadIfGiven("size", &tmpfs->size);
  options.Read("mode", &tmpfs->mode);
}

void ReadOptions(Options& options, RootMount* mount) {
  const MountKind kind = options.Read<MountKind>("kind");
  options.Read("to", &mount->to);
  options.Read("create", &mount->create);
  if (kind == MountKind::kTmpfs) return ReadOptions(options, &mount->tmpfs);
  options.Read("from", &mount->from);
  options.Read("readOnly", &mount->read_only);
}

void ReadOptions(Options& options, RootPlan* root) {
  options.ReadUnlessNull("path", &root->path);
  options.Read("empty", &root->empty);
  options.ReadIfGiven("emptyOptions", &root->empty_options);
  options.Read("readOnly", &root->read_only);
  options.Read("mounts", &root->mounts);
  options.Read("hide", &root->hide);
  options.Read("proc", &root->proc);
  options.Read("dev", &root->dev);
  options.Read("cwd", &root->cwd);
}

void ReadOptions(Options& options, IdMaps* maps) {
  options.Read("uidMap", &maps->uid_map);
  options.Read("gidMap", &maps->gid_map);
}

void ReadOptions(Options& options, IdMapProgram* program) {
  options.Read("file", &program->file);
  options.Read("args", &program->args);
}

/** A number of JavaScript has no 64 bits: what is beyond them is unlimited. */
uint64_t ToRlimit(double amount) {
  return amount >= static_cast<double>(kUnlimited) ? kUnlimited : static_cast<uint64_t>(amount);
}

void ReadOptions(Options& options, Rlimit* limit) {
  limit->resource = FindResource(options.Read<std::string>("name"));
  limit->soft = ToRlimit(options.Read<double>("soft"));
  limit->hard = ToRlimit(options.Read<double>("hard"));
}

template <typename Reader>
void ReadOptions(Reader& reader, CloneOptions* options) {
  if constexpr (std::is_same_v<Reader, Options>) options->memory = &reader.memory();
  ChildStart& start = options->start;
  SpawnPlan& plan = start.plan;
  reader.Read("file", &plan.file);
  reader.Read("args", &plan.argv);
  reader.Read("env", &plan.envp);
  reader.ReadIfGiven("cwd", &plan.cwd);
  reader.Read("stdio", &plan.stdio);
  reader.Read("detached", &plan.new_session);
  reader.ReadIfGiven("holdSignals", &plan.hold_signals);
  reader.Read("killWithParent", &plan.kill_with_parent);
  reader.Read("namespaces", &start.namespaces);
  reader.ReadIfGiven("hostname", &plan.hostname);
  IdMaps maps;
  reader.ReadIfGiven("idMaps", &maps);
  plan.uid_map = maps.uid_map;
  plan.gid_map = maps.gid_map;
  reader.ReadIfGiven("idMapPrograms", &options->id_map_programs);
  reader.Read("privateMounts", &plan.private_mounts);
  reader.Read("mountProc", &plan.mount_proc);
  reader.ReadIfGiven("root", &plan.root);
  reader.ReadIfGiven("fileOutside", &plan.file_outside);
  reader.ReadIfGiven("sealed", &options->is_sealed);
  reader.Read("loopback", &plan.loopback);
  reader.Read("uid", &plan.uid);
  reader.Read("gid", &plan.gid);
  reader.Read("groups", &plan.groups);
  reader.ReadIfGiven("rlimits", &plan.settings.rlimits);
  reader.Read("oomScoreAdj", &options->oom_score_adj);
  reader.Read("nice", &plan.settings.nice);
  reader.Read("capabilities", &options->capabilities);
  reader.ReadIfGiven("noNewPrivs", &plan.privileges.no_new_privs);
  reader.ReadIfGiven("seccomp", &plan.privileges.filter);
  reader.ReadIfGiven("seccompEarly", &plan.privileges.filter_early);
  reader.ReadIfGiven("intoCgroupFd", &start.into_cgroup_fd);
  reader.Read("joinFds", &plan.join_fds);
  reader.ReadIfGiven("pidsFd", &plan.pids_fd);
  reader.ReadIfGiven("starter", &options->starter);
  reader.ReadIfGiven("copied", &start.is_copy);
  reader.Read("watchdogMs", &start.watchdog_ms);
  reader.ReadIfGiven("thawFd", &start.thaw_fd);
}

namespace {

/** Why a child can't have this root, whatever the kernel says; nullptr if nothing is wrong with it. */
const char* WhyRefused(const RootPlan& root) {
  constexpr const char* kAbsolute = "Expected absolute paths in root";
  if (root.path != nullptr && root.empty) return "Expected no path with empty in root";
  if ((root.path != nullptr && !IsAbsolute(root.path)) || !IsAbsolute(root.cwd)) return kAbsolute;
  if (root.mounts.size() > kMaxRootMounts) return "Expected at most 1024 mounts in root";
  for (const RootMount& mount : root.mounts) {
    if ((mount.from != nullptr && !IsAbsolute(mount.from)) || !IsAbsolute(mount.to)) return kAbsolute;
  }
  for (const char* path : root.hide) {
    if (!IsAbsolute(path)) return kAbsolute;
    if (!EndsInName(path)) return "Expected paths that end in a name in hide of root";
  }
  return nullptr;
}

/**
 * Why a start is refused: among other reasons, it would change the caller's own namespaces, or expose the caller's
 * memory to another user. nullptr if it is not.
 */
const char* WhyRefused(const CloneOptions& options) {
  const ChildStart& start = options.start;
  const SpawnPlan& plan = start.plan;
  const bool shares_memory = options.starter.empty();
  const auto lacks = [&](uint32_t flag) { return (start.namespaces & flag) == 0; };
  if ((start.namespaces & ~kNamespaceFlags) != 0) return kOnlyNamespaces;
  if (plan.argv[0] == nullptr) return "Expected at least one entry in args";
  if (start.watchdog_ms <= 0) return "Expected a positive number for watchdogMs";
  if (plan.hostname != nullptr && lacks(CLONE_NEWUTS)) return "hostname needs CLONE_NEWUTS";
  if (plan.uid_map != nullptr && lacks(CLONE_NEWUSER)) return "idMaps needs CLONE_NEWUSER";
  if (!options.id_map_programs.empty() && (shares_memory || lacks(CLONE_NEWUSER) || plan.uid_map != nullptr)) {
    return "idMapPrograms needs CLONE_NEWUSER, a starter, and no idMaps";
  }
  if (plan.private_mounts && lacks(CLONE_NEWNS)) return "privateMounts needs CLONE_NEWNS";
  if (plan.mount_proc && (lacks(CLONE_NEWNS) || lacks(CLONE_NEWPID) || !plan.private_mounts)) {
    return "mountProc needs CLONE_NEWNS, CLONE_NEWPID and privateMounts";
  }
  if (plan.root != nullptr) {
    if (lacks(CLONE_NEWNS) || !plan.private_mounts) return "root needs CLONE_NEWNS and privateMounts";
    if (plan.mount_proc || plan.cwd != nullptr) return "root needs mountProc to be false, and no cwd: it has both";
    if (plan.root->proc == RootProc::kNew && lacks(CLONE_NEWPID)) return "A new proc in root needs CLONE_NEWPID";
    if (const char* refused = WhyRefused(*plan.root)) return refused;
  }
  if (plan.file_outside && (plan.root == nullptr || !IsAbsolute(plan.file))) {
    return "fileOutside needs root, and an absolute path for file";
  }
  for (const Rlimit& limit : plan.settings.rlimits) {
    if (limit.resource < 0) return "Expected the name of an RLIMIT_* in lower case, without RLIMIT_, in rlimits";
  }
  if (plan.privileges.filter.data() != nullptr && !IsFilterSize(plan.privileges.filter.size())) {
    return "Expected 1 to 4096 instructions of 8 bytes for seccomp";
  }
  if (plan.loopback && lacks(CLONE_NEWNET)) return "loopback needs CLONE_NEWNET";
  // A uid change makes the memory undumpable, and the parent's too while it is shared. Undoing that would let the other
  // user look into it through the next child that is still between clone and exec.
  if (shares_memory && (plan.uid || plan.gid)) {
    return "uid and gid need a starter";
  }
  // A filter that kills the child dumps the memory that it has: to a core file, and before Linux 5.16 with the death of
  // all that share it.
  if (shares_memory && !plan.privileges.filter.empty()) return "seccomp needs a starter";
  return nullptr;
}

/** The bits of the capabilities with these numbers; empty if one is too high. */
std::optional<uint64_t> ToBits(const std::vector<uint32_t>& capabilities) {
  constexpr uint32_t kCapabilityBits = 64;
  uint64_t bits = 0;
  for (const uint32_t number : capabilities) {
    if (number >= kCapabilityBits) return std::nullopt;
    bits |= uint64_t{1} << number;
  }
  return bits;
}

Napi::Value Clone(Napi::Env env, CloneOptions& options) {
  SpawnPlan& plan = options.start.plan;
  if (options.oom_score_adj) {
    plan.settings.oom_score_adj = options.memory->Keep(std::to_string(*options.oom_score_adj));
  }
  if (options.capabilities) plan.privileges.capabilities = ToBits(*options.capabilities);
  const bool is_too_high = options.capabilities && !plan.privileges.capabilities;
  const char* const refused = is_too_high ? "Expected numbers below 64 for capabilities" : WhyRefused(options);
  if (refused != nullptr) {
    ThrowInvalidArgument(env, refused);
    return env.Undefined();
  }
  Instance& instance = Instance::Of(env);
  UniqueFd pidfd;
  const auto start = [&] {
    return options.starter.empty() ? instance.child_starter.Start(options.start, &pidfd)
                                   : instance.starter.Start(options.start, options.id_map_programs, options.memory,
                                                            options.starter, &pidfd);
  };
  if (options.is_sealed) plan.program_fd = instance.sealed_program.Get(plan.file);
  Expected<pid_t, CloneFailure> pid = start();
  if (!pid && pid.error().stage == Stage::kExec && plan.program_fd >= 0) {
    // A child that is root may have changed whose it is, or who may execute it.
    instance.sealed_program.Drop();
    plan.program_fd = -1;
    pid = start();
  }
  if (!pid) return ToJs(env, pid.error());
  if (plan.kill_with_parent) instance.watcher.Keep(pidfd.get());
  Napi::Object object = Napi::Object::New(env);
  object.Set("pid", *pid);
  object.Set("pidfd", ToJs(env, std::move(pidfd)));
  return object;
}

CloneFailure Refused(Stage stage, const sys::Result& by) {
  return {stage, by.as_int(), {}, {}, sys::CallName(by.call)};
}

Napi::Value AskFilters(Napi::Env env, uint32_t namespaces) {
  if ((namespaces & ~kNamespaceFlags) != 0) {
    ThrowInvalidArgument(env, kOnlyNamespaces);
    return env.Undefined();
  }
  const uint32_t cloned = namespaces & ~uint32_t{CLONE_NEWCGROUP};
  const sys::Result clone = CloneRefusal(cloned | CLONE_VFORK | CLONE_PIDFD);
  if (clone < 0) return ToJs(env, Refused(Stage::kClone, clone));
  if ((namespaces & CLONE_NEWCGROUP) == 0) return env.Null();
  const sys::Result unshare = UnshareRefusal(CLONE_NEWCGROUP);
  return unshare < 0 ? ToJs(env, Refused(Stage::kCgroupNamespace, unshare)) : env.Null();
}

}  // namespace

void RegisterClone(Napi::Object exports) {
  Add<Clone>(exports, "clone");
  Add<AskFilters, "namespaces">(exports, "cloneRefusal");
  Napi::Object constants = Napi::Object::New(exports.Env());
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

  exports.Set("stages", ToJs(exports.Env(), std::vector<std::string>(std::begin(kStageNames), std::end(kStageNames))));
}

}  // namespace memcage

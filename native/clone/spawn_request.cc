#include "clone/spawn_request.h"

#include <sched.h>

#include <climits>
#include <string_view>

#include "sys/pointers.h"

namespace memcage {
namespace {

// What execvp(3) searches when PATH is unset: confstr(_CS_PATH).
constexpr std::string_view kDefaultPath = "/bin:/usr/bin";

std::vector<char*> Pointers(std::string& block) {
  std::vector<char*> pointers;
  for (size_t at = 0; at < block.size(); at = block.find('\0', at) + 1) pointers.push_back(block.data() + at);
  pointers.push_back(nullptr);
  return pointers;
}

std::string_view SearchPath(std::string_view env) {
  constexpr std::string_view kKey = "PATH=";
  for (size_t at = 0; at < env.size(); at = env.find('\0', at) + 1) {
    // The entry ends at the NUL.
    const std::string_view entry = env.substr(at, env.find('\0', at) - at);
    if (entry.starts_with(kKey)) return entry.substr(kKey.size());
  }
  return kDefaultPath;
}

}  // namespace

std::vector<std::string> ExecCandidates(const std::string& file, std::string_view env) {
  if (file.empty() || file.find('/') != std::string::npos) return {file};
  std::vector<std::string> candidates;
  std::string_view rest = SearchPath(env);
  for (;;) {
    const size_t colon = rest.find(':');
    const std::string_view directory = rest.substr(0, colon);
    // An empty element stands for the working directory.
    std::string candidate(directory);
    if (!candidate.empty()) candidate += '/';
    candidate += file;
    // glibc skips a directory that is too long for a path. The kernel's error for it would end the search.
    if (directory.size() < PATH_MAX) candidates.push_back(std::move(candidate));
    if (colon == std::string_view::npos) return candidates;
    rest.remove_prefix(colon + 1);
  }
}

SpawnPlan SpawnRequest::Plan(Report* report, int parent_pidfd, const IdMapper& id_mapper) {
  candidate_storage_ = ExecCandidates(file, env);
  candidates_.clear();
  for (const std::string& candidate : candidate_storage_) candidates_.push_back(candidate.c_str());
  candidates_.push_back(nullptr);

  argv_ = sys::Pointers(args);
  envp_ = Pointers(env);

  static char shell[] = "/bin/sh";
  shell_argv_ = {shell, nullptr};
  for (size_t i = 1; i < args.size(); ++i) shell_argv_.push_back(args[i].data());
  shell_argv_.push_back(nullptr);

  SpawnPlan plan{};
  plan.file = file.c_str();
  plan.candidates = candidates_.data();
  plan.argv = argv_.data();
  plan.shell_argv = shell_argv_.data();
  plan.envp = envp_.data();
  plan.cwd = cwd ? cwd->c_str() : nullptr;
  plan.stdio = stdio.data();
  plan.stdio_count = static_cast<int>(stdio.size());
  plan.join_fds = join_fds.data();
  plan.join_count = static_cast<int>(join_fds.size());
  plan.pids_fd = pids_fd.value_or(-1);
  plan.hostname = hostname ? hostname->c_str() : nullptr;
  plan.hostname_length = hostname ? hostname->size() : 0;
  plan.uid_map = uid_map ? uid_map->c_str() : nullptr;
  plan.gid_map = gid_map ? gid_map->c_str() : nullptr;
  plan.id_mapper_fd = id_mapper.child_end();
  plan.id_mapper_peer_fd = id_mapper.parent_end();
  plan.groups = groups ? groups->data() : nullptr;
  plan.group_count = groups ? static_cast<int>(groups->size()) : 0;
  plan.uid = uid.value_or(0);
  plan.gid = gid.value_or(0);
  plan.settings.rlimits = rlimits.data();
  plan.settings.rlimit_count = static_cast<int>(rlimits.size());
  plan.settings.oom_score_adj = oom_score_adj ? oom_score_adj->c_str() : nullptr;
  plan.settings.set_nice = nice.has_value();
  plan.settings.nice = nice.value_or(0);
  plan.privileges.set_capabilities = capabilities.has_value();
  plan.privileges.capabilities = capabilities.value_or(0);
  plan.privileges.no_new_privs = no_new_privs;
  plan.privileges.filter = seccomp ? seccomp->data() : nullptr;
  plan.privileges.filter_length = seccomp ? static_cast<uint16_t>(seccomp->size() / kInstructionSize) : 0;
  plan.privileges.filter_early = seccomp_early;
  plan.parent_pidfd = parent_pidfd;
  plan.set_uid = uid.has_value();
  plan.set_gid = gid.has_value();
  plan.set_groups = groups.has_value();
  plan.new_session = detached;
  plan.hold_signals = hold_signals;
  plan.shares_memory = share_memory;
  plan.kill_with_parent = kill_with_parent;
  plan.new_cgroup_namespace = (namespaces & CLONE_NEWCGROUP) != 0;
  plan.private_mounts = private_mounts;
  plan.mount_proc = mount_proc;
  plan.root = root ? root->Plan() : nullptr;
  plan.file_outside = file_outside;
  plan.loopback = loopback;
  plan.report = report;
  return plan;
}

}  // namespace memcage

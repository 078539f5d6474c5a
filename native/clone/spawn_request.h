#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clone/id_mapper.h"
#include "clone/root_request.h"
#include "clone/spawn_plan.h"

namespace memcage {

/** The options of one clone as C++ values. It owns the memory to which its plan points. */
struct SpawnRequest {
  std::string file;
  std::vector<std::string> args;
  /** In the format of /proc/PID/environ. */
  std::string env;
  std::optional<std::string> cwd;
  std::vector<int> stdio;
  std::vector<int> join_fds;
  std::optional<int> pids_fd;
  std::optional<std::string> hostname;
  std::optional<std::string> uid_map;
  std::optional<std::string> gid_map;
  std::vector<IdMapProgram> id_map_programs;
  std::optional<std::vector<uint32_t>> groups;
  std::optional<uint32_t> uid;
  std::optional<uint32_t> gid;
  std::vector<Rlimit> rlimits;
  /** A decimal number. */
  std::optional<std::string> oom_score_adj;
  std::optional<int> nice;
  /** The capabilities to keep, as bits. */
  std::optional<uint64_t> capabilities;
  bool no_new_privs = false;
  /** Instructions of a seccomp filter. */
  std::optional<std::vector<uint8_t>> seccomp;
  bool seccomp_early = false;
  bool detached = false;
  /** The program finds all signals blocked. */
  bool hold_signals = false;
  bool kill_with_parent = false;
  bool private_mounts = false;
  bool mount_proc = false;
  std::optional<RootRequest> root;
  bool file_outside = false;
  bool loopback = false;
  bool share_memory = true;
  uint32_t namespaces = 0;
  std::optional<int> into_cgroup_fd;
  std::optional<int> thaw_fd;
  int watchdog_ms = 0;
  /** Close the fds above that were only for this child once the clone is over. */
  bool closes_fds = false;

  /** The plan is valid until the request is changed or destroyed. */
  SpawnPlan Plan(Report* report, int parent_pidfd, const IdMapper& id_mapper);

 private:
  std::vector<std::string> candidate_storage_;
  std::vector<const char*> candidates_;
  std::vector<char*> argv_;
  std::vector<char*> shell_argv_;
  std::vector<char*> envp_;
};

/** The paths that execvp(3) would try for `file` under the PATH in `env`. */
std::vector<std::string> ExecCandidates(const std::string& file, std::string_view env);

}  // namespace memcage

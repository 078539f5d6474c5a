#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "stages.h"

namespace memcage {

/** Where the child says what failed. Lives in a shared page, so that it works with and without CLONE_VM. */
struct Report {
  Stage stage;
  /** Negative errno; 0: nothing failed. */
  int error;
  /** What the stage worked on, or nullptr. Points into the plan: at the same address in parent and child. */
  const char* subject;
  /** The fd that it worked on, or -1. */
  int fd;
};

/**
 * Everything the child needs, made before the clone. Plain views: between clone and exec nothing allocates, and nothing
 * that the child shares with its parent may need a destructor.
 */
struct SpawnPlan {
  const char* file;
  /** Paths to try in turn, ended by nullptr. */
  const char* const* candidates;
  char* const* argv;
  /** argv for /bin/sh, whose second entry the child sets to the script; see execvp(3) on ENOEXEC. */
  char** shell_argv;
  char* const* envp;
  const char* cwd;
  const int* stdio;
  int stdio_count;
  const int* join_fds;
  int join_count;
  const char* hostname;
  size_t hostname_length;
  const char* uid_map;
  const char* gid_map;
  const gid_t* groups;
  int group_count;
  uid_t uid;
  gid_t gid;
  /** A pidfd of the parent process, to see whether it died before PR_SET_PDEATHSIG was in force. */
  int parent_pidfd;
  bool set_uid;
  bool set_gid;
  bool set_groups;
  bool new_session;
  bool kill_with_parent;
  bool new_cgroup_namespace;
  bool private_mounts;
  bool mount_proc;
  bool loopback;
  Report* report;
};
static_assert(std::is_trivially_destructible_v<SpawnPlan> && std::is_trivially_copyable_v<SpawnPlan>);

/** The options of one clone as C++ values; owns the memory that its plan points to. */
struct SpawnRequest {
  std::string file;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::optional<std::string> cwd;
  std::vector<int> stdio;
  std::vector<int> join_fds;
  std::optional<std::string> hostname;
  std::optional<std::string> uid_map;
  std::optional<std::string> gid_map;
  std::optional<std::vector<uint32_t>> groups;
  std::optional<uint32_t> uid;
  std::optional<uint32_t> gid;
  bool detached = false;
  bool kill_with_parent = false;
  bool private_mounts = false;
  bool mount_proc = false;
  bool loopback = false;
  bool share_memory = true;
  uint32_t namespaces = 0;
  std::optional<int> into_cgroup_fd;
  std::optional<int> thaw_fd;
  int watchdog_ms = 0;

  /** Valid until the request is changed or destroyed. */
  SpawnPlan Plan(Report* report, int parent_pidfd);

 private:
  std::vector<std::string> candidate_storage_;
  std::vector<const char*> candidates_;
  std::vector<char*> argv_;
  std::vector<char*> shell_argv_;
  std::vector<char*> envp_;
};

/** The paths that execvp(3) would try for `file` under the PATH in `env`. */
std::vector<std::string> ExecCandidates(const std::string& file, const std::vector<std::string>& env);

}  // namespace memcage

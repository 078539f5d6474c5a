#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <type_traits>

#include "clone/child_settings.h"
#include "clone/privileges.h"
#include "clone/root_plan.h"
#include "clone/stages.h"
#include "sys/raw_call.h"

namespace memcage {

/** Where the child reports what failed. */
struct Report {
  Stage stage = Stage::kClone;
  /** Negative errno; 0 if nothing failed. */
  int error = 0;
  /** What the stage worked on, or nullptr. It points into the plan. */
  const char* subject = nullptr;
  /** The fd that the stage worked on, or -1. */
  int fd = -1;
  /** The number of the call, or sys::kNoCall. */
  long call = sys::kNoCall;
  /** The child has run. */
  bool has_begun = false;
};

/**
 * Everything the child needs, made before the clone. It consists of plain views: between clone and exec nothing
 * allocates, and nothing that the child shares with its parent may need a destructor.
 */
struct SpawnPlan {
  const char* file = nullptr;
  /** Paths to try in turn, terminated by nullptr. */
  const char* const* candidates = nullptr;
  char* const* argv = nullptr;
  /** argv for /bin/sh. The child sets its second entry to the script; see execvp(3) on ENOEXEC. */
  char** shell_argv = nullptr;
  char* const* envp = nullptr;
  const char* cwd = nullptr;
  /** For each fd of the child one of the parent, or -1. */
  std::span<const int> stdio;
  std::span<const int> join_fds;
  /** A directory that was joined, and whose pids.max the join must not exceed, or -1. */
  int pids_fd = -1;
  const char* hostname = nullptr;
  const char* uid_map = nullptr;
  const char* gid_map = nullptr;
  /** Where to ask for the id maps instead of writing them, or -1. */
  int id_mapper_fd = -1;
  std::optional<std::span<const gid_t>> groups;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  ChildSettings settings;
  Privileges privileges;
  /**
   * A pidfd of the parent, to find out whether it died before PR_SET_PDEATHSIG was in force. Its number is none of the
   * child's stdio.
   */
  int parent_pidfd = -1;
  /** Open until exec, so that its other end sees that; or -1. Its number is none of the child's stdio, either. */
  int exec_fd = -1;
  bool new_session = false;
  /** Leave all signals blocked, for the program to ask for them. */
  bool hold_signals = false;
  bool kill_with_parent = false;
  /** The program has the parent's capabilities, also where exec would take them: as inheritable and ambient ones. */
  bool keep_capabilities = false;
  bool new_cgroup_namespace = false;
  bool private_mounts = false;
  bool mount_proc = false;
  /** nullptr: the parent's. It has a /proc and a working directory of its own. */
  const RootPlan* root = nullptr;
  /** Open `file` before entering the root. */
  bool file_outside = false;
  /** `file`, open; or -1. */
  int program_fd = -1;
  bool loopback = false;
  /** Namespaces to make by unshare(2), since the launcher does not clone. Only kinds that need no fork. */
  int unshare = 0;
  Report* report = nullptr;
  /** Called to end the process once the report is written; nullptr: it just ends. */
  void (*on_failure)(const SpawnPlan& plan) = nullptr;
};
static_assert(std::is_trivially_destructible_v<SpawnPlan> && std::is_trivially_copyable_v<SpawnPlan>);

}  // namespace memcage

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/errors.h"

// A cgroup and all below it, in one call. The tree may be as deep and as wide as the processes in it like. Each
// directory is reached from the one above it, so a long path costs no more than a short one, and no path is too long.
namespace memcage::cgroup {

struct MemberIds {
  std::vector<std::int32_t> ids;
  /** Threads of cgroups that list no processes, which are threaded ones (v2). */
  std::vector<std::int32_t> threads;
};

/** Lists the members of a cgroup and those below it, as `file` has them; some perhaps twice. */
Expected<MemberIds> ListMembers(int dir_fd, const std::string& path, const std::string& file);

/** A cgroup below another, by its path from there, and a number that it has. */
struct FoundCount {
  std::string path;
  int64_t count;
};

/** Finds the cgroups below one in which a key of a flat keyed file is not 0. Leaves out those directly below that are
 * in `except`. */
Expected<std::vector<FoundCount>> FindCounts(int dir_fd, const std::string& path, const std::string& file,
                                             const std::string& key, const std::vector<std::string>& except);

/** What is left below a cgroup: nothing, cgroups with processes in them, or more than there was time to remove. */
enum class Left { kNothing, kBusy, kMore };

/** Removes the cgroups below one that have no processes in them or below, for as long as the budget lasts. */
Expected<Left> RemoveBelow(int dir_fd, const std::string& path, int64_t budget_ns);

}  // namespace memcage::cgroup

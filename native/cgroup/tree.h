#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sys/errors.h"

// A cgroup and all below it, in one call: what is there may be as deep and as wide as its processes like. Each
// directory is reached from the one above it, so that a long path costs no more than a short one, and that none is too
// long.
namespace memcage::cgroup {

struct MemberIds {
  std::vector<std::int32_t> ids;
  /** Threads of cgroups that list no processes: threaded ones (v2). */
  std::vector<std::int32_t> threads;
};

/** What the file of members lists, in a cgroup and below it; some may be listed twice. */
bool ListMembers(int dir_fd, const std::string& path, const std::string& file, MemberIds* members, SystemError* error);

/** Paths of cgroups below one, relative to it, where a key of a flat keyed file is not 0. Without those directly below
 * that are excepted. */
bool FindCounts(int dir_fd, const std::string& path, const std::string& file, const std::string& key,
                const std::vector<std::string>& except, std::vector<std::pair<std::string, int64_t>>* counts,
                SystemError* error);

/** What is left below a cgroup: nothing; something with processes in it; or more than could be removed so far. */
enum class Left { kNothing, kBusy, kMore };

/** Removes the cgroups below one, those without processes in them or below, for so long. */
bool RemoveBelow(int dir_fd, const std::string& path, int64_t budget_ns, Left* left, SystemError* error);

}  // namespace memcage::cgroup

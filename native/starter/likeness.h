#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sys/unique_fd.h"

namespace memcage {

/**
 * What a child inherits from the process that clones it, as far as that is not passed on or shared: if the calling
 * thread is no longer as its starter was made, its children would not be as they should. Root, working directory and
 * umask are shared (CLONE_FS); signals are reset in the child.
 */
class Likeness {
 public:
  /** As the calling thread is now. */
  static Likeness Now(struct LikenessFiles* files);
  bool operator==(const Likeness&) const = default;

 private:
  /** Ids, limits, priorities and such, one after another. */
  std::vector<uint64_t> numbers_;
  /** What /proc says of the thread's cgroups, OOM score and namespaces. */
  std::string texts_;
};

/** Kept open, since each start reads them. */
struct LikenessFiles {
  UniqueFd cgroup;
  UniqueFd oom_score_adj;
  UniqueFd namespaces;
};

}  // namespace memcage

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sys/unique_fd.h"

namespace memcage {

/** Kept open, since each start reads them. */
struct LikenessFiles {
  std::array<UniqueFd, 4> texts;
  UniqueFd namespaces;
};

/**
 * What a child inherits from the process that clones it, as far as that is not passed on or shared: if the calling
 * thread is no longer as its starter was made, its children would not be as they should. Root, working directory and
 * umask are shared (CLONE_FS); signals are reset in the child.
 */
class Likeness {
 public:
  /** As the calling thread is now. */
  static Likeness Now(LikenessFiles* files);
  bool operator==(const Likeness&) const = default;

 private:
  /** Limits, priorities and such, one after another. */
  std::vector<uint64_t> numbers_;
  /** What /proc says of the thread. */
  std::string texts_;
};

}  // namespace memcage

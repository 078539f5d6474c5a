#pragma once

#include <array>

#include "sys/unique_fd.h"

namespace memcage {

/** A few fds that are kept until there are no others. While they are lent, another thread may take them. */
class FdReserve {
 public:
  /** What cgroup::KillAll() opens at a time to reach one cgroup. */
  static constexpr size_t kCount = 6;

  /** Frees them, for the caller to open others. */
  void Lend() {
    for (UniqueFd& fd : fds_) fd.Reset();
  }

  /** Takes as many as are free, by duplicating any `fd`. */
  void Refill(int fd);

 private:
  std::array<UniqueFd, kCount> fds_;
};

}  // namespace memcage

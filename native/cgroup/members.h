#pragma once

#include <sys/types.h>

#include "cgroup/regain.h"
#include "sys/unique_fd.h"

namespace memcage::cgroup {

/**
 * The processes that a cgroup lists, one after the other, some maybe twice. Those of other PID namespaces are left out:
 * they can't be named from here. Nothing here allocates.
 */
class Members {
 public:
  Members() = default;
  explicit Members(int dir_fd) { Open(dir_fd); }

  /** From the start; what is listed is as it is at the first Next(). */
  void Open(int dir_fd);
  /** 0: no more, or what there is was refused. */
  pid_t Next();
  [[nodiscard]] Refusal refusal() const;

 private:
  pid_t NextId();

  int dir_fd_ = -1;
  UniqueFd fd_;
  bool are_threads_ = false;
  int error_ = 0;
  long at_ = 0;
  long size_ = 0;
  char buffer_[4096] = {};
};

}  // namespace memcage::cgroup

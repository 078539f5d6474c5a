#pragma once

#include <sys/types.h>

#include "cgroup/regain.h"
#include "sys/unique_fd.h"

namespace memcage::cgroup {

/**
 * The processes that a cgroup lists, one after another, some perhaps twice. It leaves out those of other PID
 * namespaces, which have no pid here. Nothing here allocates.
 */
class Members {
 public:
  Members() = default;
  explicit Members(int dir_fd) { Open(dir_fd); }

  /** Starts again. The list is as it is at the first Next(). */
  void Open(int dir_fd);
  /** 0 if there are no more, or the kernel refused. */
  pid_t Next();
  /** What kept it from reading `cgroup.procs`, or 0. */
  [[nodiscard]] sys::Result refusal() const { return refusal_; }

 private:
  pid_t NextId();

  void OpenList(const char* file);

  int dir_fd_ = -1;
  UniqueFd fd_;
  bool are_threads_ = false;
  sys::Result refusal_;
  long at_ = 0;
  long size_ = 0;
  char buffer_[4096] = {};
};

}  // namespace memcage::cgroup

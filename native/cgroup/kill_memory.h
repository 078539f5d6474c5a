#pragma once

#include "cgroup/kill.h"

namespace memcage::cgroup {

/** Zeroed memory for KillAll(). A page of it takes memory only once it is written to. */
class KillMemory {
 public:
  KillMemory();
  KillMemory(const KillMemory&) = delete;
  KillMemory& operator=(const KillMemory&) = delete;
  ~KillMemory();

  /** False if the kernel refused it. */
  [[nodiscard]] bool valid() const;
  [[nodiscard]] const KillStorage& storage() const { return storage_; }

 private:
  void* at_;
  KillStorage storage_{};
};

}  // namespace memcage::cgroup

#pragma once

#include <cstddef>

#include "clone/spawn_plan.h"

namespace memcage::launcher {

/**
 * Reads the arguments for a root directory; README.md has them. There is one of it in a process: the plan points
 * into static memory.
 */
class RootArguments {
 public:
  /** Reads `--NAME`. False: it is not one of these, or wrong here. */
  bool ReadWord(const char* name);
  /** Reads `--NAME=VALUE`; the name ends after `length` bytes. */
  bool ReadValue(const char* name, size_t length, const char* value);
  /** Once all are read, and the rest of the plan: gives it its root. Returns nullptr, or what is wrong. */
  const char* Finish(SpawnPlan* plan);

 private:
  bool SetRoot();
  bool SetProc(const char* value);
  bool AddMount(const char* to, bool is_bind, bool read_only);
  bool Hide(const char* path);

  RootPlan root_{};
  /** What was said of the mount whose target follows. */
  RootMount next_{};
  bool is_given_ = false;
};

}  // namespace memcage::launcher

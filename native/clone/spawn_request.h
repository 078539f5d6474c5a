#pragma once

#include <cstdint>
#include <vector>

#include "clone/id_mapper.h"
#include "clone/spawn_plan.h"

namespace memcage {

/** One clone: what the child does, and what its parent does around it. */
struct SpawnRequest {
  /** ChildStarter::Start() fills in what `argv` and `envp` say already, and what is the parent's. */
  SpawnPlan plan;
  /** CLONE_NEW*. */
  uint32_t namespaces = 0;
  std::vector<IdMapProgram> id_map_programs;
  int into_cgroup_fd = -1;
  int thaw_fd = -1;
  int watchdog_ms = 0;
};

}  // namespace memcage

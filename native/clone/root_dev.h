#pragma once

#include "clone/root_mounts.h"

namespace memcage {

/** Mounts what the plan wants on /proc, between clone and exec. */
void MountProc(const SpawnPlan& plan, const Roots& roots);

/** Mounts a small /dev with what nearly every program expects, between clone and exec. */
void MountDev(const SpawnPlan& plan, Roots* roots);

}  // namespace memcage

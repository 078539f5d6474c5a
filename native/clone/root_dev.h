#pragma once

#include "clone/root_mounts.h"

namespace memcage {

/** Mounts a small /dev with what nearly every program expects, between clone and exec. */
void MountDev(const SpawnPlan& plan, Roots* roots);

}  // namespace memcage

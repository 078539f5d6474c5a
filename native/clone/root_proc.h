#pragma once

#include "clone/root_mounts.h"

namespace memcage {

/** Mounts what the plan wants on /proc, between clone and exec. Changes the working directory. */
void MountProc(const SpawnPlan& plan, Roots* roots);

}  // namespace memcage

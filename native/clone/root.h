#pragma once

#include "clone/spawn_plan.h"

namespace memcage {

/** Between clone and exec: makes the plan's root directory, and enters it. Needs a mount namespace with private mounts.
 */
void EnterRoot(const SpawnPlan& plan);

}  // namespace memcage

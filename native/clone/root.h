#pragma once

#include "clone/spawn_plan.h"

namespace memcage {

// Between clone and exec, in a mount namespace of the child's own.

/**
 * Goes to the root directory of the mount namespace, and returns an fd of the one before. In a chroot they differ: what
 * is made private, and detached, would be only a part of what is mounted, and the rest a way out.
 */
int LeaveChroot(const SpawnPlan& plan);

/**
 * Makes the plan's root directory, and enters it. Needs private mounts. Closes `outside`, in which it looks up the
 * paths outside.
 */
void EnterRoot(const SpawnPlan& plan, int outside);

}  // namespace memcage

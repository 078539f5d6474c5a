#pragma once

#include "clone/root_mounts.h"

namespace memcage {

/**
 * Fails if something that was mounted is not found at its path: a symbolic link inside has led another target to the
 * same place, or above it. What a path of `hide` has in it is meant to be covered. Before Linux 5.8 it can't tell.
 */
void RefuseCovered(const SpawnPlan& plan, const Roots& roots);

}  // namespace memcage

#pragma once

#include "clone/spawn_plan.h"

// The fds of a child, between clone and exec. All of this comes before the child looks anything up in a root of its
// own: a link there may lead to what is open.
namespace memcage {

/** Opens a program that is outside, or has the open one, where no fd of the child's stdio gets its number; else -1. */
int OpenOutside(const SpawnPlan& plan);

void SetUpStdio(const SpawnPlan& plan);

/** In a root with a /dev of memcage's, the /dev/null of the child's stdio becomes the one there. */
void UseNullInside(const SpawnPlan& plan);

/** Closes all but the child's stdio, the program, and the pidfd of the parent. The last two are closed on exec. */
void CloseOtherFds(const SpawnPlan& plan, int program);

}  // namespace memcage

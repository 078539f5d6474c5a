#pragma once

#include "spawn_plan.h"

namespace memcage {

/**
 * Runs in the child, from clone to exec. May share the parent's memory (its thread is suspended, others run): makes
 * system calls only, and writes nothing but its own stack, errno, the report and the plan's shell_argv.
 */
[[noreturn]] void RunChild(const SpawnPlan& plan);

}  // namespace memcage

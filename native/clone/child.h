#pragma once

#include "clone/spawn_plan.h"

namespace memcage {

/**
 * Runs in the child, from clone to exec. May share the parent's memory (its thread is suspended, others run): makes
 * system calls only, and writes nothing but its own stack, errno, the report and the plan's shell_argv.
 */
[[noreturn]] void RunChild(const SpawnPlan& plan);

// Those of its steps that the launcher takes too, which may fork between them.

/** Joins the cgroups, makes the namespaces that are left to unshare(2), maps the ids. */
void EnterCage(const SpawnPlan& plan);
/** Host name, mounts, /proc, loopback. */
void FillNamespaces(const SpawnPlan& plan);
void DropPrivileges(const SpawnPlan& plan);
void DieWithParent(const SpawnPlan& plan);
[[noreturn]] void Exec(const SpawnPlan& plan);

/** Closes every fd from `first` on. 0 or a negative errno. */
long CloseFdsFrom(int first);
[[noreturn]] void Fail(const SpawnPlan& plan, Stage stage, long error, const char* subject, int fd = -1);

}  // namespace memcage

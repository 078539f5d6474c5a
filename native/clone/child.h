#pragma once

#include "clone/spawn_plan.h"
#include "sys/raw_call.h"

namespace memcage {

/**
 * Runs in the child, from clone to exec. It may share the parent's memory, whose other threads run while the calling
 * one is suspended. So it makes only system calls, and writes only its own stack, errno, the report and the plan's
 * shell_argv.
 */
[[noreturn]] void RunChild(const SpawnPlan& plan);

// The steps that the launcher takes too. It may fork between them.

/** Joins the cgroups, makes the namespaces that are left for unshare(2), and maps the ids. */
void EnterCage(const SpawnPlan& plan);
/** Sets the host name, mounts, the root directory, /proc and loopback. */
void FillNamespaces(const SpawnPlan& plan);
void DropPrivileges(const SpawnPlan& plan);
void DieWithParent(const SpawnPlan& plan);
[[noreturn]] void Exec(const SpawnPlan& plan);

[[noreturn]] void Fail(const SpawnPlan& plan, Stage stage, sys::Result refused, const char* subject, int fd = -1);
/** Fails if the result is a negative errno. */
void Check(const SpawnPlan& plan, Stage stage, sys::Result result, const char* subject = nullptr, int fd = -1);

}  // namespace memcage

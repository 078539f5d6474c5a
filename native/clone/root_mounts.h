#pragma once

#include <sys/types.h>

#include "clone/spawn_plan.h"

// The mounts of a child's root directory, between clone and exec. Few fds are open at a time: the table may be nearly
// full.
namespace memcage {

/** The directories in which paths are looked up, while the child is in a mount namespace with both. */
struct Roots {
  /** The child's. */
  int inside = -1;
  /** The parent's. */
  int outside = -1;
  /** Devices of the tmpfs that were made: those of the plan, the stage, the root, /dev and /dev/shm. */
  dev_t made[kMaxRootMounts + 4] = {};
  int made_count = 0;
};

/** Where something is mounted, and what to call it if that fails. */
struct Target {
  Stage stage;
  const char* path;
  bool create;
};

/** A tmpfs, mounted nowhere. */
int NewTmpfs(const SpawnPlan& plan, Roots* roots, const TmpfsOptions& options, Stage stage, const char* subject);

/** A copy of a path outside with all that is mounted below, mounted nowhere. */
int CopyOutside(const SpawnPlan& plan, const Roots& roots, const char* path, Stage stage, const char* subject);

/** Mounts `tree` on a path inside, and closes it. */
void MountInside(const SpawnPlan& plan, const Roots& roots, int tree, const Target& target);

/** Carries out one entry of the plan. */
void MakeMount(const SpawnPlan& plan, Roots* roots, const RootMount& mount);

/** Covers a path inside, if there is one. */
void Hide(const SpawnPlan& plan, const Roots& roots, const char* path);

}  // namespace memcage

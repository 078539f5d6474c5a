#pragma once

#include <sys/types.h>

#include <cstdint>

#include "clone/spawn_plan.h"
#include "sys/raw_call.h"

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
  /** Ids of what is mounted at /proc, at /dev, and for each entry of the plan; 0 for none, or if the kernel tells none.
   */
  uint64_t proc = 0;
  uint64_t dev = 0;
  uint64_t mounts[kMaxRootMounts] = {};
};

/** The root is the stage while paths are covered, and this is in it: an empty directory for all of them. */
constexpr const char* kEmptyOnStage = "/empty";

/** Where something is mounted, and what to call it if that fails. */
struct Target {
  Stage stage;
  const char* path;
  bool create;
};

/** A tmpfs, mounted nowhere. */
int NewTmpfs(const SpawnPlan& plan, Roots* roots, const TmpfsOptions& options, Stage stage, const char* subject);

/** A copy of what `source` is, an fd or what kept it from being opened, mounted nowhere. Closes it. */
int CopyOpened(const SpawnPlan& plan, sys::Result source, Stage stage, const char* subject);

/** A copy of a path outside with all that is mounted below, mounted nowhere. */
int CopyOutside(const SpawnPlan& plan, const Roots& roots, const char* path, Stage stage, const char* subject);

/** A copy of a device outside, whose owner and mode nobody changes through it. */
int CopyDevice(const SpawnPlan& plan, const Roots& roots, const char* path, Stage stage, const char* subject);

/** Mounts `tree` on a path inside. `tree` is an fd of what is mounted then. Returns the id of the mount. */
uint64_t MountInside(const SpawnPlan& plan, const Roots& roots, int tree, const Target& target);

/** Covers `found` by an empty directory, or by /dev/null, and closes it. */
void Cover(const SpawnPlan& plan, const Roots& roots, int found, Stage stage, const char* subject);

/** Carries out the entries of the plan. */
void MakeMounts(const SpawnPlan& plan, Roots* roots);

/** Covers a path inside, if there is one. */
void Hide(const SpawnPlan& plan, const Roots& roots, const char* path);

}  // namespace memcage

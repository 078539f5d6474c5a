#pragma once

namespace memcage {

// One list for the enum, the names that JavaScript sees, and their order.
#define MEMCAGE_STAGES(X)                 \
  X(kClone, "clone")                      \
  X(kSignals, "signals")                  \
  X(kSession, "session")                  \
  X(kCgroup, "cgroup")                    \
  X(kCgroupNamespace, "cgroup-namespace") \
  X(kUnshare, "unshare")                  \
  X(kIdMaps, "id-maps")                   \
  X(kStdio, "stdio")                      \
  X(kCloseFds, "close-fds")               \
  X(kHostname, "hostname")                \
  X(kMounts, "mounts")                    \
  X(kRoot, "root")                        \
  X(kRootPivot, "root-pivot")             \
  X(kRootSource, "root-source")           \
  X(kRootTarget, "root-target")           \
  X(kRootMount, "root-mount")             \
  X(kRootProc, "root-proc")               \
  X(kRootDev, "root-dev")                 \
  X(kRootHide, "root-hide")               \
  X(kRootReadOnly, "root-read-only")      \
  X(kProc, "proc")                        \
  X(kLoopback, "loopback")                \
  X(kCwd, "cwd")                          \
  X(kOomScoreAdj, "oom-score-adj")        \
  X(kRlimits, "rlimits")                  \
  X(kNice, "nice")                        \
  X(kSessionKeyring, "session-keyring")   \
  X(kBoundingSet, "bounding-set")         \
  X(kGroups, "groups")                    \
  X(kGid, "gid")                          \
  X(kUid, "uid")                          \
  X(kCapabilities, "capabilities")        \
  X(kParentDeath, "parent-death")         \
  X(kNoNewPrivs, "no-new-privs")          \
  X(kSeccomp, "seccomp")                  \
  X(kInit, "init")                        \
  X(kExec, "exec")                        \
  X(kWatchdog, "watchdog")

enum class Stage : int {
#define MEMCAGE_STAGE_ENUM(id, name) id,
  MEMCAGE_STAGES(MEMCAGE_STAGE_ENUM)
#undef MEMCAGE_STAGE_ENUM
};

inline constexpr const char* kStageNames[] = {
#define MEMCAGE_STAGE_NAME(id, name) name,
    MEMCAGE_STAGES(MEMCAGE_STAGE_NAME)
#undef MEMCAGE_STAGE_NAME
};

}  // namespace memcage

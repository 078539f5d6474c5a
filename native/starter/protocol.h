#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "clone/spawn_plan.h"

// What the addon and the starter send each other. Both are always from the same build of the package.
namespace memcage::starter {

/** The launcher's first argument. A launcher of another version reports that, and starts nothing. */
inline constexpr const char* kLauncherVersion = "1";

/** argv[0], and the argument that makes the launcher a starter. ps(1) shows both; the pid is for its reader. */
inline constexpr const char* kProgramName = "memcage-starter";
inline constexpr const char* kArgument = "--starter=";

/** The starter's end of the socket pair (SOCK_STREAM), the Page, and a pidfd of the process that it starts children
 * for. */
inline constexpr int kSocketFd = 3;
inline constexpr int kPageFd = 4;
inline constexpr int kProcessFd = 5;
inline constexpr int kFdCount = 6;

/** unix(7): SCM_MAX_FD */
inline constexpr size_t kMostFds = 253;
/** Of the text of what a failure is about. */
inline constexpr size_t kMostSubject = 4096;

/** What the process has, and the starter shall have. The kernel's __user_cap_data_struct, twice, and a bit for each
 * ambient one. */
struct Capabilities {
  uint32_t sets[6];
  uint64_t ambient;
};
inline constexpr int kMostCapabilities = 64;

/**
 * Memory of both: what has come of the last order. It is complete once the starter has sent a byte, or the socket has
 * ended: the starter is dead then, and the child has become its program or is dead, too.
 */
struct Page {
  /** Before the first order. */
  Capabilities capabilities;
  /** Of the child, in the PID namespace of the starter. The kernel writes it before the child runs. */
  int32_t pid;
  /** Negative errno; 0: nothing has failed. It is written after what follows, which says what has failed. */
  int32_t error;
  /** Whether the child has run. */
  int32_t has_begun;
  int32_t stage;
  /** The place of an fd that the failure is about, or -1. */
  int32_t fd;
  int64_t call;
  char subject[kMostSubject];
};

/** One child. It is in an arena, with all that it points to. Its fds are places among those that come along. */
struct ChildOrder {
  SpawnPlan plan;
  /** Not the starter's memory until exec, but a copy of it. */
  bool is_copy = false;
  /** CLONE_NEW*. */
  uint32_t namespaces = 0;
  int32_t into_cgroup_fd = -1;
};

/** Comes before the arena's content, with the fds. */
struct Header {
  std::byte* arena;
  uint64_t used;
  ChildOrder* order;
  uint32_t fd_count;
};
static_assert(std::is_trivially_copyable_v<Header> && std::is_trivially_copyable_v<Page>);

/** Calls `each` with every fd of an order that the child needs. Its arrays must be its own. */
template <typename F>
void ForEachFd(ChildOrder* order, F each) {
  SpawnPlan& plan = order->plan;
  for (const int& fd : plan.stdio) each(const_cast<int*>(&fd));
  for (const int& fd : plan.join_fds) each(const_cast<int*>(&fd));
  for (int* fd : {&plan.pids_fd, &plan.id_mapper_fd, &plan.program_fd, &order->into_cgroup_fd}) each(fd);
}

}  // namespace memcage::starter

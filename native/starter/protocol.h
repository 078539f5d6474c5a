#pragma once

#include <cstdint>

#include "clone/spawn_plan.h"

namespace memcage::starter {

inline constexpr const char* kProgramName = "memcage-starter";
inline constexpr const char* kArgument = "--starter=";
inline constexpr int kSocketFd = 3;
inline constexpr int kPageFd = 4;
inline constexpr int kProcessFd = 5;

/** The page that both have. */
struct Page {
  /** The kernel writes it before the child runs. */
  int32_t pid;
};

/** One child, in memory that has the same address in both. */
struct StartOrder {
  SpawnPlan plan;
  uint32_t namespaces;
  int into_cgroup_fd;
};

struct Header {
  char* base;
  uint64_t size;
  uint64_t used;
  StartOrder* order;
  int32_t fd_count;
};

struct Reply {
  int32_t stage;
  int32_t error;
  int64_t call;
  int32_t fd;
  uint32_t length;
};

/** Calls `each` with every fd of the order. */
template <typename F>
void ForEachFd(StartOrder& order, F each) {
  SpawnPlan& plan = order.plan;
  for (const int& fd : plan.stdio) each(const_cast<int&>(fd));
  for (const int& fd : plan.join_fds) each(const_cast<int&>(fd));
  each(plan.pids_fd);
  each(order.into_cgroup_fd);
}

}  // namespace memcage::starter

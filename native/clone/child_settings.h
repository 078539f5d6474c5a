#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace memcage {

struct SpawnPlan;

/** A limit of getrlimit(2). */
struct Resource {
  /** RLIMIT_NOFILE is `nofile`. */
  const char* name;
  int number;
};

/** Its place in the table of resources; -1 if Linux has no limit of that name. */
int FindResource(std::string_view name);
const Resource& ResourceAt(int place);

struct Rlimit {
  /** FindResource() */
  int resource = -1;
  uint64_t soft = 0;
  uint64_t hard = 0;
};

/** RLIM_INFINITY of the system call, on every architecture. */
inline constexpr uint64_t kUnlimited = ~uint64_t{0};

/** What the child does to itself before its program runs, apart from its ids. Plain views, as all of the plan. */
struct ChildSettings {
  std::span<const Rlimit> rlimits;
  /** What to write to /proc/self/oom_score_adj, or nullptr. */
  const char* oom_score_adj = nullptr;
  std::optional<int> nice;
};

/**
 * Takes the steps that need rights which a change of ids would take away. They come after all that opens a file: a
 * limit of open files may leave no number for one.
 */
void ApplySettings(const SpawnPlan& plan);
/** After DieWithParent(): sets a limit of no open files, which it could not work with. Everybody may lower a limit. */
void FinishSettings(const SpawnPlan& plan);

}  // namespace memcage

#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace memcage {

/** The most mounts in a plan. */
constexpr size_t kMaxRootMounts = 1024;

struct TmpfsOptions {
  /** Decimal bytes, or nullptr for the kernel's default. */
  const char* size = nullptr;
  /** Octal. */
  const char* mode = nullptr;
};

struct RootMount {
  /** The source of a bind, or nullptr: a tmpfs. */
  const char* from = nullptr;
  const char* to = nullptr;
  TmpfsOptions tmpfs;
  bool read_only = false;
  /** Make what is missing of `to`. */
  bool create = false;
};

enum class RootProc { kKeep, kNew, kBind };

/** The root directory of a child, as views; see `RootPlan` of the addon's contract. */
struct RootPlan {
  /** nullptr: the caller's own root, or an empty tmpfs. */
  const char* path = nullptr;
  bool empty = false;
  TmpfsOptions empty_options;
  bool read_only = false;
  std::span<const RootMount> mounts;
  std::span<const char* const> hide;
  RootProc proc = RootProc::kKeep;
  bool dev = false;
  const char* cwd = nullptr;
};

inline bool IsAbsolute(const char* path) { return *path == '/'; }

/**
 * Whether an absolute path can be hidden. With "file/" or "file/." the kernel wants a directory, and there would be
 * nothing to hide.
 */
inline bool EndsInName(const char* path) {
  const char* last = strrchr(path, '/') + 1;
  return strcmp(path, "/") == 0 || (*last != '\0' && strcmp(last, ".") != 0 && strcmp(last, "..") != 0);
}

}  // namespace memcage

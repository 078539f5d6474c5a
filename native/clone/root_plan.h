#pragma once

namespace memcage {

/** Of a plan. */
constexpr int kMaxRootMounts = 1024;

struct TmpfsOptions {
  /** Decimal bytes, or nullptr for the kernel's default. */
  const char* size;
  /** Octal. */
  const char* mode;
};

struct RootMount {
  /** Of a bind, or nullptr: a tmpfs. */
  const char* from;
  const char* to;
  TmpfsOptions tmpfs;
  bool read_only;
  /** Make what is missing of `to`. */
  bool create;
};

enum class RootProc { kKeep, kNew, kBind };

/** The root directory of a child, as views; see `RootPlan` of the addon's contract. */
struct RootPlan {
  /** nullptr: the caller's own root, or an empty tmpfs. */
  const char* path;
  bool empty;
  TmpfsOptions empty_options;
  bool read_only;
  const RootMount* mounts;
  int mount_count;
  const char* const* hide;
  int hide_count;
  RootProc proc;
  bool dev;
  const char* cwd;
};

}  // namespace memcage

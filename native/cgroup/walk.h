#pragma once

#include <cstddef>
#include <cstdint>

#include "sys/unique_fd.h"

// A walk through a cgroup and all below it, which may be as deep and as wide as its processes like. Nothing here
// allocates: the guardian must not fail for want of memory.
namespace memcage::cgroup {

/** The names of the directories in one, one after the other. Those that come and go meanwhile may be missed. */
class Subdirectories {
 public:
  Subdirectories() = default;
  explicit Subdirectories(int dir_fd) { Begin(dir_fd, 0); }

  /** In a directory, with the one at a `position()` of it. */
  void Begin(int dir_fd, int64_t position);

  /** Valid until the next call; nullptr: no more, or an error(). */
  const char* Next();

  /** Negative errno, or 0. */
  [[nodiscard]] int error() const { return error_; }
  /** Of the last one. */
  [[nodiscard]] uint64_t inode() const { return inode_; }
  [[nodiscard]] int64_t position() const { return position_; }

 private:
  int dir_fd_ = -1;
  int error_ = 0;
  uint64_t inode_ = 0;
  int64_t position_ = 0;
  int64_t next_ = 0;
  long at_ = 0;
  long size_ = 0;
  alignas(8) char buffer_[4096] = {};
};

/** On the way down: a directory that was entered, in the one above it. */
struct Level {
  uint64_t inode;
  int64_t position;
  uint64_t inode_above;
};

/** More than there can be memory cgroups (MEM_CGROUP_ID_MAX of mm/memcontrol.c). */
inline constexpr size_t kMostLevels = 65'536;

/**
 * Goes from a directory through all below it. It needs at most three fds at a time, however deep that is: up again it
 * goes by "..", which in a cgroup hierarchy never changes, and to where it was in the directory above.
 */
class Walk {
 public:
  enum class Step {
    /** A directory `name()` in `fd()`: Enter() it, or leave it out. */
    kFound,
    /** One that was entered is done, and all below it: it was `name()` in `fd()`. */
    kLeft,
    /** Of all, unless there is an error(). */
    kEnd,
  };
  enum class Access {
    kAsItIs,
    /** Of cgroups that are to end. */
    kRegain,
  };

  /** `levels` has room for as many directories below one another; deeper ones can't be entered. */
  Walk(Level* levels, size_t count, Access access) : levels_(levels), count_(count), access_(access) {}

  /** A directory that is open for reading, and was not read yet. 0 or a negative errno. */
  int Begin(UniqueFd top);
  Step Next();
  /** What was found: from then on `fd()` is that. 0 or a negative errno. */
  int Enter();

  [[nodiscard]] int fd() const { return at_.get(); }
  /** Valid until the next step. */
  [[nodiscard]] const char* name() const { return name_; }
  /** How far below the top `fd()` is. */
  [[nodiscard]] size_t depth() const { return depth_; }
  /** Negative errno of what ended it early, or 0. */
  [[nodiscard]] int error() const { return error_; }

 private:
  bool GoBackTo(const Level& left);
  Step Fail(int error);

  Level* levels_;
  size_t count_;
  Access access_;
  UniqueFd at_;
  /** The directory above, while `at_` has none below; `names_` is still in that then. */
  UniqueFd above_;
  bool has_none_below_ = true;
  size_t depth_ = 0;
  const char* name_ = nullptr;
  int error_ = 0;
  Subdirectories names_;
};

}  // namespace memcage::cgroup

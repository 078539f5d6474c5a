#pragma once

#include <cstddef>
#include <cstdint>

#include "sys/raw_call.h"
#include "sys/unique_fd.h"

// A walk through a cgroup and all below it. The tree may be as deep and as wide as the processes in it like. Nothing
// here allocates: the guardian must not fail for lack of memory.
namespace memcage::cgroup {

/** The names of the directories in one, one after another. It may miss those that come and go meanwhile. */
class Subdirectories {
 public:
  Subdirectories() = default;
  explicit Subdirectories(int dir_fd) { Begin(dir_fd, 0); }

  /** Begins in a directory, with the entry at a `position()` of it. */
  void Begin(int dir_fd, int64_t position);

  /** Valid until the next call; nullptr if there are no more, or there was an error(). */
  const char* Next();

  /** What the kernel refused, or 0. */
  [[nodiscard]] sys::Result error() const { return error_; }
  /** The inode of the last directory. */
  [[nodiscard]] uint64_t inode() const { return inode_; }
  [[nodiscard]] int64_t position() const { return position_; }

 private:
  int dir_fd_ = -1;
  sys::Result error_;
  uint64_t inode_ = 0;
  int64_t position_ = 0;
  int64_t next_ = 0;
  long at_ = 0;
  long size_ = 0;
  alignas(8) char buffer_[4096] = {};
};

/** A directory that was entered on the way down, and where it is in the one above it. */
struct Level {
  uint64_t inode;
  int64_t position;
  uint64_t inode_above;
};

/** More than there can be memory cgroups (MEM_CGROUP_ID_MAX in mm/memcontrol.c). */
inline constexpr size_t kMostLevels = 65'536;

/**
 * Walks from a directory through all below it. It needs at most three fds at a time, however deep that is: it goes up
 * by "..", which never changes in a cgroup hierarchy, and continues where it was in the directory above.
 */
class Walk {
 public:
  enum class Step {
    /** The walk found the directory `name()` in `fd()`: Enter() it, or leave it out. */
    kFound,
    /** The walk is done with a directory that was entered, and all below it: that was `name()` in `fd()`. */
    kLeft,
    /** The walk is done with everything, unless there is an error(). */
    kEnd,
  };
  enum class Access {
    kAsItIs,
    /** For cgroups that are to be removed. */
    kRegain,
  };

  /** `levels` has room for `count` nested directories; deeper ones can't be entered. */
  Walk(Level* levels, size_t count, Access access) : levels_(levels), count_(count), access_(access) {}

  /** `top` is open for reading, and was not read yet. */
  sys::Result Begin(UniqueFd top);
  Step Next();
  /** Enters the directory that was found, which is `fd()` from then on. */
  sys::Result Enter();

  [[nodiscard]] int fd() const { return at_.get(); }
  /** Valid until the next step. */
  [[nodiscard]] const char* name() const { return name_; }
  /** How far below the top `fd()` is. */
  [[nodiscard]] size_t depth() const { return depth_; }
  /** What ended the walk early, or 0. */
  [[nodiscard]] sys::Result error() const { return error_; }

 private:
  bool GoBackTo(const Level& left);
  Step Fail(const sys::Result& refused);

  Level* levels_;
  size_t count_;
  Access access_;
  UniqueFd at_;
  /** The directory above, while `at_` has none below. `names_` still reads the one above then. */
  UniqueFd above_;
  bool has_none_below_ = true;
  size_t depth_ = 0;
  const char* name_ = nullptr;
  sys::Result error_;
  Subdirectories names_;
};

}  // namespace memcage::cgroup

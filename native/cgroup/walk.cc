#include "cgroup/walk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cgroup/regain.h"
#include "sys/raw_call.h"
#include "sys/stat.h"
#include "sys/syscall_numbers.h"

namespace memcage::cgroup {
namespace {

using sys::Call;
using sys::Result;

// linux_dirent64 of getdents64(2).
struct Entry {
  uint64_t inode;
  /** The position of the next entry. */
  int64_t next;
  uint16_t length;
  uint8_t type;
  char name[1];
};
constexpr uint8_t kDirectory = 4;

/** kernfs counts subdirectories in the link count of a directory. (File systems that don't count report 1.) */
bool HasNoneBelow(const struct stat& status) { return status.st_nlink == 2; }

}  // namespace

void Subdirectories::Begin(int dir_fd, int64_t position) {
  dir_fd_ = dir_fd;
  next_ = lseek(dir_fd, position, SEEK_SET);
  size_ = at_ = 0;
  error_ = {};
}

const char* Subdirectories::Next() {
  for (;;) {
    if (at_ >= size_) {
      const Result size = Call(SYS_getdents64, dir_fd_, buffer_, sizeof(buffer_));
      size_ = size;
      at_ = 0;
      if (size < 0) error_ = size;
      if (size_ <= 0) return nullptr;
    }
    const Entry* entry = reinterpret_cast<const Entry*>(buffer_ + at_);
    at_ += entry->length;
    inode_ = entry->inode;
    position_ = next_;
    next_ = entry->next;
    if (entry->type != kDirectory || strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
    return entry->name;
  }
}

Result Walk::Begin(UniqueFd top) {
  struct stat status{};
  if (const Result refused = sys::Stat(top.get(), &status); refused < 0) return refused;
  at_ = std::move(top);
  has_none_below_ = HasNoneBelow(status);
  if (!has_none_below_) names_.Begin(at_.get(), 0);
  return {};
}

Walk::Step Walk::Next() {
  for (;;) {
    if (error_ != 0) return Step::kEnd;
    if (has_none_below_) {
      if (depth_ == 0) return Step::kEnd;
      at_ = std::move(above_);
      depth_ -= 1;
      has_none_below_ = false;
      return Step::kLeft;
    }
    name_ = names_.Next();
    if (name_ != nullptr) return Step::kFound;
    if (names_.error() != 0 && !IsGone(names_.error())) return Fail(names_.error());
    if (depth_ == 0) return Step::kEnd;
    const Result fd = Call(SYS_openat, at_.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return Fail(fd);
    UniqueFd above(fd);
    struct stat status{};
    if (const Result refused = sys::Stat(above.get(), &status); refused < 0) return Fail(refused);
    depth_ -= 1;
    if (status.st_ino != levels_[depth_].inode_above) return Fail({-ESTALE, SYS_fstat});
    at_ = std::move(above);
    if (GoBackTo(levels_[depth_])) return Step::kLeft;
  }
}

Result Walk::Enter() {
  if (depth_ == count_) return {-ELOOP, SYS_openat};
  const Result fd = access_ == Access::kRegain
                        ? OpenDirectoryRegaining(at_.get(), name_)
                        : Call(SYS_openat, at_.get(), name_, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (fd < 0) return fd;
  UniqueFd below(fd);
  struct stat status{};
  if (const Result refused = sys::Stat(below.get(), &status); refused < 0) return refused;
  Level& level = levels_[depth_];
  level = {names_.inode(), names_.position(), 0};
  if (HasNoneBelow(status)) {
    has_none_below_ = true;
    above_ = std::move(at_);
    at_ = std::move(below);
  } else {
    // Make sure that there is a way up again: the directory may not be searchable.
    if (const Result refused = sys::StatAt(below.get(), "..", 0, &status); refused < 0) return refused;
    level.inode_above = status.st_ino;
    at_ = std::move(below);
    names_.Begin(at_.get(), 0);
  }
  depth_ += 1;
  return {};
}

/**
 * Goes to the entry of the directory that was left; false if that is gone. A position in kernfs is the hash of a name.
 * Several names may have the same hash, those of files too, and a seek may lead to any of these, or to the one before.
 * So this searches for the entry by its inode, starting before its position. If the entry is gone, another one with the
 * same hash may be skipped.
 */
bool Walk::GoBackTo(const Level& left) {
  names_.Begin(at_.get(), std::max<int64_t>(left.position - 1, 0));
  for (name_ = names_.Next(); name_ != nullptr && names_.position() <= left.position; name_ = names_.Next()) {
    if (names_.inode() == left.inode) return true;
  }
  if (name_ != nullptr) names_.Begin(at_.get(), names_.position());
  return false;
}

Walk::Step Walk::Fail(const Result& refused) {
  error_ = refused;
  return Step::kEnd;
}

}  // namespace memcage::cgroup

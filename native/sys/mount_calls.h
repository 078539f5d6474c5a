#pragma once

#include <fcntl.h>

#include <cstdint>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

// The calls that make mounts by fds. The structures and flags are of
// the kernel's stable ABI: older distributions lack <linux/mount.h> or <linux/openat2.h>, and later ones have names
// that clash.
namespace memcage::sys {

constexpr uint64_t kMountReadOnly = 0x1;
constexpr uint64_t kMountNoSuid = 0x2;
constexpr uint64_t kMountNoDev = 0x4;
constexpr uint64_t kMountNoExec = 0x8;

constexpr int kAtRecursive = 0x8000;

/**
 * openat2(2) (Linux 5.6) with `dir_fd` as the root directory: neither a symbolic link nor ".." leads out of it, and
 * links such as /proc/self/fd/3 are refused.
 */
inline Result OpenInRoot(int dir_fd, const char* path, int flags) {
  struct {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
  } how{};
  constexpr uint64_t kNoMagicLinks = 0x02;
  constexpr uint64_t kInRoot = 0x10;
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = kInRoot | kNoMagicLinks;
  // EAGAIN: a rename or mount elsewhere raced with the lookup; openat2(2) says to try again.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const Result fd = Call(SYS_openat2, dir_fd, path, &how, sizeof(how));
    if (fd != -EAGAIN) return fd;
  }
  return {-EAGAIN, SYS_openat2};
}

/**
 * open_tree(2) (Linux 5.2): a copy of what is mounted at `path`, with all that is mounted below. It is mounted nowhere,
 * and goes with its last fd.
 */
inline Result CopyTree(int dir_fd, const char* path, int flags) {
  constexpr unsigned kClone = 1;
  return Call(SYS_open_tree, dir_fd, path, kClone | static_cast<unsigned>(flags | kAtRecursive | O_CLOEXEC));
}

/** move_mount(2) (Linux 5.2): mounts `tree` on `target`. */
inline Result MoveMount(int tree, int target) {
  constexpr unsigned kFromEmptyPath = 0x04;
  constexpr unsigned kToEmptyPath = 0x40;
  return Call(SYS_move_mount, tree, "", target, "", kFromEmptyPath | kToEmptyPath);
}

/** mount_setattr(2) (Linux 5.12) for the mount at a path. `flags`: AT_EMPTY_PATH and kAtRecursive, or 0. */
inline Result SetReadOnlyAt(int dir_fd, const char* path, int flags) {
  struct {
    uint64_t set;
    uint64_t clear;
    uint64_t propagation;
    uint64_t userns_fd;
  } attributes{};
  attributes.set = kMountReadOnly;
  return Call(SYS_mount_setattr, dir_fd, path, flags, &attributes, sizeof(attributes));
}

/** mount_setattr(2) for the mount that an fd is. `flags`: 0 or kAtRecursive. */
inline Result SetMountReadOnly(int tree, int flags) { return SetReadOnlyAt(tree, "", AT_EMPTY_PATH | flags); }

/** The id of the mount that an fd is on (statx(2), Linux 5.8); 0 if the kernel does not say. */
inline uint64_t MountId(int fd) {
  struct {
    uint32_t mask;
    uint32_t before[35];
    uint64_t mount_id;
    uint64_t after[13];
  } status{};
  static_assert(sizeof(status) == 256);
  constexpr uint32_t kMountId = 0x1000;
  if (Call(SYS_statx, fd, "", AT_EMPTY_PATH, kMountId, &status) < 0) return 0;
  return (status.mask & kMountId) == 0 ? 0 : status.mount_id;
}

struct FilesystemOption {
  const char* name;
  /** nullptr: the option is left out. */
  const char* value;
};

/** fsopen(2), fsconfig(2) and fsmount(2) (Linux 5.2): a new file system, mounted nowhere. */
template <size_t N>
Result NewMount(const char* type, const FilesystemOption (&options)[N], uint64_t attributes) {
  constexpr unsigned kCloseOnExec = 1;
  constexpr unsigned kSetString = 1;
  constexpr unsigned kCreate = 6;
  const Result context = Call(SYS_fsopen, type, kCloseOnExec);
  if (context < 0) return context;
  Result result;
  for (const FilesystemOption& option : options) {
    if (result < 0 || option.value == nullptr) continue;
    result = Call(SYS_fsconfig, context, kSetString, option.name, option.value, 0);
  }
  if (result >= 0) result = Call(SYS_fsconfig, context, kCreate, nullptr, nullptr, 0);
  if (result >= 0) result = Call(SYS_fsmount, context, kCloseOnExec, attributes);
  Call(SYS_close, context);
  return result;
}

}  // namespace memcage::sys

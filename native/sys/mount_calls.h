#pragma once

#include <fcntl.h>

#include <cstdint>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

// The calls that make mounts by fds. Each returns a value >= 0, or the negative errno. The structures and flags are of
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
inline long OpenInRoot(int dir_fd, const char* path, int flags) {
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
    const long fd = Call(SYS_openat2, dir_fd, path, &how, sizeof(how));
    if (fd != -EAGAIN) return fd;
  }
  return -EAGAIN;
}

/**
 * open_tree(2) (Linux 5.2): a copy of what is mounted at `path`, with all that is mounted below. It is mounted nowhere,
 * and goes with its last fd.
 */
inline long CopyTree(int dir_fd, const char* path, int flags) {
  constexpr unsigned kClone = 1;
  return Call(SYS_open_tree, dir_fd, path, kClone | static_cast<unsigned>(flags | kAtRecursive | O_CLOEXEC));
}

/** move_mount(2) (Linux 5.2): mounts `tree` on `target`. */
inline long MoveMount(int tree, int target) {
  constexpr unsigned kFromEmptyPath = 0x04;
  constexpr unsigned kToEmptyPath = 0x40;
  return Call(SYS_move_mount, tree, "", target, "", kFromEmptyPath | kToEmptyPath);
}

/** mount_setattr(2) (Linux 5.12). `flags`: 0 or kAtRecursive. */
inline long SetMountReadOnly(int tree, int flags) {
  struct {
    uint64_t set;
    uint64_t clear;
    uint64_t propagation;
    uint64_t userns_fd;
  } attributes{};
  attributes.set = kMountReadOnly;
  return Call(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof(attributes));
}

struct FilesystemOption {
  const char* name;
  /** nullptr: the option is left out. */
  const char* value;
};

/** fsopen(2), fsconfig(2) and fsmount(2) (Linux 5.2): a new file system, mounted nowhere. */
template <size_t N>
long NewMount(const char* type, const FilesystemOption (&options)[N], uint64_t attributes) {
  constexpr unsigned kCloseOnExec = 1;
  constexpr unsigned kSetString = 1;
  constexpr unsigned kCreate = 6;
  const long context = Call(SYS_fsopen, type, kCloseOnExec);
  if (context < 0) return context;
  long result = 0;
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

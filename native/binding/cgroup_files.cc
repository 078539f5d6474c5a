#include <fcntl.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "binding/bindings.h"
#include "binding/function.h"
#include "cgroup/files.h"
#include "sys/syscalls.h"

namespace memcage {

/** Flags of open(2). */
enum class Access : int {};

template <>
struct NamesOf<Access> {
  static constexpr Named<Access> kAll[] = {
      {"read", Access{O_RDONLY}},
      {"write", Access{O_WRONLY}},
      {"read-write", Access{O_RDWR}},
      {"directory", Access{O_RDONLY | O_DIRECTORY}},
      {"path", Access{O_PATH | O_DIRECTORY}},
      {"probe", Access{O_PATH}},
  };
};

namespace {

Expected<UniqueFd> OpenBeneath(int dir_fd, const std::string& path, Access access) {
  return cgroup::Open(dir_fd, path, static_cast<int>(access));
}

Expected<double> ReadOpen(int fd, const TypedArray<uint8_t>& buffer) {
  const std::span<uint8_t> bytes = buffer.Elements();
  const ssize_t length = cgroup::ReadOnce(fd, bytes.data(), bytes.size());
  if (length < 0) return Refusal{static_cast<int>(length), "pread"};
  return static_cast<double>(length);
}

/** Opens the file only for the read, where ReadOnce() has it open. */
ssize_t ReadBeneathOnce(int dir_fd, const std::string& path, uint8_t* buffer, size_t size) {
  const Expected<UniqueFd> fd = cgroup::Open(dir_fd, path, O_RDONLY);
  return fd ? cgroup::ReadOnce(fd->get(), buffer, size) : fd.error().error;
}

Napi::Value ReadMany(Napi::Env env, const TypedArray<int32_t>& given_fds,
                     const std::optional<std::vector<std::string>>& paths, uint32_t first,
                     const TypedArray<uint8_t>& given_buffer, const TypedArray<int32_t>& given_lengths) {
  const std::span<int32_t> fds = given_fds.Elements();
  const std::span<uint8_t> buffer = given_buffer.Elements();
  const std::span<int32_t> lengths = given_lengths.Elements();
  const size_t count = fds.size();
  if (lengths.size() < count || (paths && paths->size() != count)) {
    ThrowInvalidArgument(env, "Expected as many paths and lengths as fds");
    return env.Undefined();
  }
  size_t used = 0;
  size_t index = first;
  for (; index < count; ++index) {
    uint8_t* place = buffer.data() + used;
    const size_t room = buffer.size() - used;
    const ssize_t length =
        paths ? ReadBeneathOnce(fds[index], (*paths)[index], place, room) : cgroup::ReadOnce(fds[index], place, room);
    // A text that fills the room may be truncated. With no room, a read returns 0.
    if (length >= 0 && static_cast<size_t>(length) >= room) break;
    lengths[index] = static_cast<int32_t>(length);
    if (length > 0) used += static_cast<size_t>(length);
  }
  return ToJs(env, static_cast<double>(index));
}

Expected<bool> TryLock(int fd) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return Refusal{sys::NegativeErrno(), "flock"};
}

/** A lock of a whole file, or all of it that will ever be. */
struct flock WholeFile(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

Expected<bool> TryFileLock(int fd, bool shared) {
  struct flock lock = WholeFile(shared ? F_RDLCK : F_WRLCK);
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return Refusal{sys::NegativeErrno(), "fcntl"};
}

Expected<bool> IsFileLocked(int fd) {
  struct flock lock = WholeFile(F_RDLCK);
  if (fcntl(fd, F_OFD_GETLK, &lock) < 0) return Refusal{sys::NegativeErrno(), "fcntl"};
  return lock.l_type == F_WRLCK;
}

Expected<> CheckAccess(const std::string& path, int mode) {
  const sys::Result refused = sys::EffectiveAccess(path.c_str(), mode);
  if (refused < 0) return Refusal{refused.as_int(), "faccessat", path};
  return {};
}

/** The value of an extended attribute of a directory; empty if there is none, or it may not be read. */
Expected<std::optional<std::string>> ReadAttribute(const std::string& path, const std::string& name) {
  char value[256];
  const ssize_t length = getxattr(path.c_str(), name.c_str(), value, sizeof(value));
  if (length >= 0) return std::optional(std::string(value, static_cast<size_t>(length)));
  if (errno == ENODATA || errno == ENOTSUP || errno == EPERM) return std::optional<std::string>();
  return Refusal{sys::NegativeErrno(), "getxattr", path};
}

}  // namespace

void RegisterCgroupFiles(Napi::Object exports) {
  Add<cgroup::OpenDirectory, "path">(exports, "openDirectory");
  Add<OpenBeneath, "dirFd", "path", "access">(exports, "openBeneath");
  Add<cgroup::Read, "dirFd", "path">(exports, "readBeneath");
  Add<cgroup::Write, "dirFd", "path", "value">(exports, "writeBeneath");
  Add<cgroup::MakeDirectory, "dirFd", "path", "mode">(exports, "makeDirectory");
  Add<cgroup::RemoveDirectory, "dirFd", "path">(exports, "removeDirectory");
  Add<cgroup::Stamp, "dirFd", "path">(exports, "stampDirectory");
  Add<cgroup::IsStamped, "dirFd", "path">(exports, "isStamped");
  Add<cgroup::ListDirectories, "dirFd", "path">(exports, "listDirectories");
  Add<ReadOpen, "fd", "buffer">(exports, "readOpen");
  Add<ReadMany, "fds", "paths", "first", "buffer", "lengths">(exports, "readMany");
  Add<cgroup::WriteOpen, "fd", "value">(exports, "writeOpen");
  Add<CheckAccess, "path", "mode">(exports, "checkAccess");
  Add<ReadAttribute, "path", "name">(exports, "readAttribute");
  Add<TryLock, "fd">(exports, "tryLock");
  Add<TryFileLock, "fd", "shared">(exports, "tryFileLock");
  Add<IsFileLocked, "fd">(exports, "isFileLocked");
}

}  // namespace memcage

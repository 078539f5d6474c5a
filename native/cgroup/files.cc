#include "cgroup/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "sys/stat.h"
#include "sys/syscalls.h"

namespace memcage::cgroup {
namespace {

constexpr size_t kPiece = 16 * 1024;

/** The directory that holds the last component of a path, and that component. */
struct DirectoryEntry {
  /** Empty if that is the directory in which the path begins. */
  UniqueFd held;
  int dir_fd = -1;
  std::string name;
};

Expected<DirectoryEntry> FindEntry(int dir_fd, const std::string& path) {
  // openat2 would refuse an absolute path, but it does not resolve the last component.
  if (path.starts_with('/')) return Refusal{-EXDEV, "openat2", path};
  const size_t slash = path.rfind('/');
  DirectoryEntry entry{{}, dir_fd, slash == std::string::npos ? path : path.substr(slash + 1)};
  if (entry.name.empty() || entry.name == "." || entry.name == "..") return Refusal{-EINVAL, "openat2", path};
  if (slash == std::string::npos) return entry;
  Expected<UniqueFd> held = Open(dir_fd, path.substr(0, slash), O_PATH | O_DIRECTORY);
  if (!held) return held.error();
  entry.held = std::move(*held);
  entry.dir_fd = entry.held.get();
  return entry;
}

/** Calls `act(dir_fd, name)` for the last component of a path: a call of the C library, whose name is `syscall`. */
template <typename Act>
Expected<> InDirectoryOf(int dir_fd, const std::string& path, const char* syscall, Act act) {
  const Expected<DirectoryEntry> entry = FindEntry(dir_fd, path);
  if (!entry) return entry.error();
  if (act(entry->dir_fd, entry->name.c_str()) < 0) return Refusal{sys::NegativeErrno(), syscall, path};
  return {};
}

/**
 * kernfs counts subdirectories in the link count, so most directories need not be opened. (File systems that don't
 * count report 1.)
 */
bool HasNoDirectories(int dir_fd, const std::string& path) {
  struct stat status{};
  const auto look = [&status](int in, const char* name) {
    return sys::StatAt(in, name, AT_SYMLINK_NOFOLLOW, &status).as_int();
  };
  const bool is_there = path.empty() ? sys::Stat(dir_fd, &status) == 0
                                     : static_cast<bool>(InDirectoryOf(dir_fd, path, "newfstatat", look));
  return is_there && S_ISDIR(status.st_mode) && status.st_nlink == 2;
}

}  // namespace

Expected<UniqueFd> OpenDirectory(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Refusal{sys::NegativeErrno(), "open", path};
  return fd;
}

Expected<UniqueFd> Open(int dir_fd, const std::string& path, int flags) {
  const sys::Result opened = sys::OpenBeneath(dir_fd, path.empty() ? "." : path.c_str(), flags);
  if (opened < 0) return Refusal{opened.as_int(), "openat2", path};
  return UniqueFd(opened);
}

Expected<std::string> Read(int dir_fd, const std::string& path) {
  const Expected<UniqueFd> fd = Open(dir_fd, path, O_RDONLY);
  if (!fd) return fd.error();
  std::string text;
  char piece[kPiece];
  for (;;) {
    const ssize_t got = read(fd->get(), piece, sizeof(piece));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Refusal{sys::NegativeErrno(), "read", path};
    if (got == 0) return text;
    text.append(piece, static_cast<size_t>(got));
  }
}

ssize_t ReadOnce(int fd, uint8_t* buffer, size_t size) {
  for (;;) {
    const ssize_t got = pread(fd, buffer, size, 0);
    if (got >= 0) return got;
    if (errno != EINTR) return sys::NegativeErrno();
  }
}

Expected<> WriteOpen(int fd, const std::string& value) {
  ssize_t written = 0;
  do {
    written = write(fd, value.data(), value.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) return Refusal{sys::NegativeErrno(), "write"};
  // The kernel parses each write to an interface file by itself: it took a partial write for another value.
  if (static_cast<size_t>(written) != value.size()) return Refusal{-EIO, "write"};
  return {};
}

Expected<> Write(int dir_fd, const std::string& path, const std::string& value) {
  const Expected<UniqueFd> fd = Open(dir_fd, path, O_WRONLY);
  if (!fd) return fd.error();
  Expected<> written = WriteOpen(fd->get(), value);
  if (!written) written.error().path = path;
  return written;
}

Expected<> MakeDirectory(int dir_fd, const std::string& path, int mode) {
  return InDirectoryOf(dir_fd, path, "mkdirat",
                       [=](int in, const char* name) { return mkdirat(in, name, static_cast<mode_t>(mode)); });
}

Expected<> RemoveDirectory(int dir_fd, const std::string& path) {
  return InDirectoryOf(dir_fd, path, "unlinkat",
                       [](int in, const char* name) { return unlinkat(in, name, AT_REMOVEDIR); });
}

Expected<> Stamp(int dir_fd, const std::string& path) {
  return InDirectoryOf(dir_fd, path, "utimensat", [](int in, const char* name) {
    const timespec times[] = {{0, UTIME_OMIT}, {0, 0}};
    return utimensat(in, name, times, AT_SYMLINK_NOFOLLOW);
  });
}

Expected<bool> IsStamped(int dir_fd, const std::string& path) {
  const Expected<DirectoryEntry> entry = FindEntry(dir_fd, path);
  if (!entry) return entry.error();
  struct stat status{};
  const sys::Result refused = sys::StatAt(entry->dir_fd, entry->name.c_str(), AT_SYMLINK_NOFOLLOW, &status);
  if (refused < 0) return Refusal{refused.as_int(), "newfstatat", path};
  return status.st_mtim.tv_sec == 0 && status.st_mtim.tv_nsec == 0;
}

Expected<std::vector<std::string>> ListDirectories(int dir_fd, const std::string& path) {
  std::vector<std::string> names;
  if (HasNoDirectories(dir_fd, path)) return names;
  Expected<UniqueFd> fd = Open(dir_fd, path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fd.error();
  DIR* opened = fdopendir(fd->get());
  if (opened == nullptr) return Refusal{sys::NegativeErrno(), "fdopendir", path};
  // The stream owns the fd from here on.
  [[maybe_unused]] const int owned = fd->Release();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opened, closedir);
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (entry->d_type == DT_DIR) names.push_back(name);
  }
  if (errno != 0) return Refusal{sys::NegativeErrno(), "readdir", path};
  return names;
}

}  // namespace memcage::cgroup

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

constexpr size_t kChunk = 16 * 1024;

bool Fail(SystemError* error, int negative_errno, const char* syscall, const std::string& path) {
  *error = {negative_errno, syscall, path};
  return false;
}

/** The directory that holds the last component of a path, and that component. */
struct DirectoryEntry {
  UniqueFd held;
  int dir_fd = -1;
  std::string name;
};

bool FindEntry(int dir_fd, const std::string& path, DirectoryEntry* entry, SystemError* error) {
  // openat2 would refuse an absolute path, but it does not resolve the last component.
  if (path.starts_with('/')) return Fail(error, -EXDEV, "openat2", path);
  const size_t slash = path.rfind('/');
  entry->name = slash == std::string::npos ? path : path.substr(slash + 1);
  entry->dir_fd = dir_fd;
  if (entry->name.empty() || entry->name == "." || entry->name == "..") {
    return Fail(error, -EINVAL, "openat2", path);
  }
  if (slash == std::string::npos) return true;
  if (!Open(dir_fd, path.substr(0, slash), O_PATH | O_DIRECTORY, &entry->held, error)) return false;
  entry->dir_fd = entry->held.get();
  return true;
}

}  // namespace

bool OpenDirectory(const std::string& path, UniqueFd* fd, SystemError* error) {
  fd->Reset(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return fd->valid() || Fail(error, sys::NegativeErrno(), "open", path);
}

bool Open(int dir_fd, const std::string& path, int flags, UniqueFd* fd, SystemError* error) {
  const int opened = sys::OpenBeneath(dir_fd, path.empty() ? "." : path.c_str(), flags);
  if (opened < 0) return Fail(error, opened, "openat2", path);
  fd->Reset(opened);
  return true;
}

bool Read(int dir_fd, const std::string& path, std::string* text, SystemError* error) {
  UniqueFd fd;
  if (!Open(dir_fd, path, O_RDONLY, &fd, error)) return false;
  size_t length = 0;
  for (;;) {
    text->resize(length + kChunk);
    const ssize_t got = read(fd.get(), text->data() + length, kChunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(error, sys::NegativeErrno(), "read", path);
    length += static_cast<size_t>(got);
    if (got == 0) break;
  }
  text->resize(length);
  return true;
}

ssize_t ReadOnce(int fd, uint8_t* buffer, size_t size) {
  for (;;) {
    const ssize_t got = pread(fd, buffer, size, 0);
    if (got >= 0) return got;
    if (errno != EINTR) return sys::NegativeErrno();
  }
}

bool WriteOpen(int fd, const std::string& value, SystemError* error) {
  ssize_t written = 0;
  do {
    written = write(fd, value.data(), value.size());
  } while (written < 0 && errno == EINTR);
  if (written < 0) return Fail(error, sys::NegativeErrno(), "write", {});
  // The kernel parses each write to an interface file by itself: it took a partial write for another value.
  if (static_cast<size_t>(written) != value.size()) return Fail(error, -EIO, "write", {});
  return true;
}

bool Write(int dir_fd, const std::string& path, const std::string& value, SystemError* error) {
  UniqueFd fd;
  if (!Open(dir_fd, path, O_WRONLY, &fd, error)) return false;
  if (WriteOpen(fd.get(), value, error)) return true;
  error->path = path;
  return false;
}

bool MakeDirectory(int dir_fd, const std::string& path, int mode, SystemError* error) {
  DirectoryEntry entry;
  if (!FindEntry(dir_fd, path, &entry, error)) return false;
  if (mkdirat(entry.dir_fd, entry.name.c_str(), static_cast<mode_t>(mode)) == 0) return true;
  return Fail(error, sys::NegativeErrno(), "mkdirat", path);
}

bool RemoveDirectory(int dir_fd, const std::string& path, SystemError* error) {
  DirectoryEntry entry;
  if (!FindEntry(dir_fd, path, &entry, error)) return false;
  if (unlinkat(entry.dir_fd, entry.name.c_str(), AT_REMOVEDIR) == 0) return true;
  return Fail(error, sys::NegativeErrno(), "unlinkat", path);
}

bool Stamp(int dir_fd, const std::string& path, SystemError* error) {
  DirectoryEntry entry;
  if (!FindEntry(dir_fd, path, &entry, error)) return false;
  const timespec times[] = {{0, UTIME_OMIT}, {0, 0}};
  if (utimensat(entry.dir_fd, entry.name.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0) return true;
  return Fail(error, sys::NegativeErrno(), "utimensat", path);
}

bool IsStamped(int dir_fd, const std::string& path, bool* stamped, SystemError* error) {
  DirectoryEntry entry;
  if (!FindEntry(dir_fd, path, &entry, error)) return false;
  struct stat status{};
  const int refused = sys::StatAt(entry.dir_fd, entry.name.c_str(), AT_SYMLINK_NOFOLLOW, &status);
  if (refused != 0) return Fail(error, refused, "newfstatat", path);
  *stamped = status.st_mtim.tv_sec == 0 && status.st_mtim.tv_nsec == 0;
  return true;
}

bool ListDirectories(int dir_fd, const std::string& path, std::vector<std::string>* names, SystemError* error) {
  UniqueFd fd;
  if (!Open(dir_fd, path, O_RDONLY | O_DIRECTORY, &fd, error)) return false;
  // kernfs counts subdirectories in the link count, so most directories need not be read. (File systems that don't
  // count report 1.)
  struct stat status{};
  if (sys::Stat(fd.get(), &status) == 0 && status.st_nlink == 2) return true;
  DIR* opened = fdopendir(fd.get());
  if (opened == nullptr) return Fail(error, sys::NegativeErrno(), "fdopendir", path);
  // The stream owns the fd from here on.
  [[maybe_unused]] const int owned = fd.Release();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opened, closedir);
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (entry->d_type == DT_DIR) names->push_back(name);
  }
  return errno == 0 || Fail(error, sys::NegativeErrno(), "readdir", path);
}

}  // namespace memcage::cgroup

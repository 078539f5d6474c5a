#include "cgroup/regain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sys/raw_call.h"
#include "sys/stat.h"
#include "sys/syscall_numbers.h"
#include "sys/unique_fd.h"

namespace memcage::cgroup {
namespace {

using sys::Call;

void AddMode(int dir_fd, const char* name, mode_t mode) {
  struct stat status{};
  if (sys::StatAt(dir_fd, name, AT_SYMLINK_NOFOLLOW, &status) == 0) {
    fchmodat(dir_fd, name, (status.st_mode & 07777) | mode, 0);
  }
}

}  // namespace

long OpenRegaining(int dir_fd, const char* name, int flags, mode_t needed) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  const long fd = Call(SYS_openat, dir_fd, name, flags, 0);
  if (fd != -EACCES) return fd;
  AddMode(dir_fd, name, needed);
  return Call(SYS_openat, dir_fd, name, flags, 0);
}

long OpenDirectoryRegaining(int dir_fd, const char* name) {
  const long fd = OpenRegaining(dir_fd, name, O_RDONLY | O_DIRECTORY, 0700);
  if (fd < 0) return fd;
  // A directory that can be read may still not be searchable, and its entries not removable.
  if (faccessat(static_cast<int>(fd), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    struct stat status{};
    if (sys::Stat(static_cast<int>(fd), &status) == 0) fchmod(static_cast<int>(fd), (status.st_mode & 07777) | 0700);
  }
  return fd;
}

Refusal WriteRegaining(int dir_fd, const char* file, const char* text) {
  const long opened = OpenRegaining(dir_fd, file, O_WRONLY, 0600);
  if (opened < 0) return {static_cast<int>(opened), "openat", file};
  const UniqueFd fd(static_cast<int>(opened));
  const long written = Call(SYS_write, fd.get(), text, strlen(text));
  if (written < 0) return {static_cast<int>(written), "write", file};
  return {};
}

bool IsGone(long error) { return error == -ENOENT || error == -ENODEV; }

}  // namespace memcage::cgroup

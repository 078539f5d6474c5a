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
using sys::Result;

void AddMode(int dir_fd, const char* name, mode_t mode) {
  struct stat status{};
  if (sys::StatAt(dir_fd, name, AT_SYMLINK_NOFOLLOW, &status) == 0) {
    fchmodat(dir_fd, name, (status.st_mode & 07777) | mode, 0);
  }
}

}  // namespace

Result OpenRegaining(int dir_fd, const char* name, int flags, mode_t needed) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  const Result fd = Call(SYS_openat, dir_fd, name, flags, 0);
  if (fd != -EACCES) return fd;
  AddMode(dir_fd, name, needed);
  return Call(SYS_openat, dir_fd, name, flags, 0);
}

Result OpenDirectoryRegaining(int dir_fd, const char* name) {
  const Result fd = OpenRegaining(dir_fd, name, O_RDONLY | O_DIRECTORY, 0700);
  if (fd < 0) return fd;
  // A directory that can be read may still not be searchable, and its entries not removable.
  if (faccessat(fd.as_int(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    struct stat status{};
    if (sys::Stat(fd.as_int(), &status) == 0) fchmod(fd.as_int(), (status.st_mode & 07777) | 0700);
  }
  return fd;
}

Result WriteRegaining(int dir_fd, const char* file, const char* text) {
  const Result opened = OpenRegaining(dir_fd, file, O_WRONLY, 0600);
  if (opened < 0) return opened;
  const UniqueFd fd(opened);
  return Call(SYS_write, fd.get(), text, strlen(text));
}

bool IsGone(long error) { return error == -ENOENT || error == -ENODEV; }

}  // namespace memcage::cgroup

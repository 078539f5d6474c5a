#include "launcher/inherited.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "clone/listed_fds.h"
#include "sys/raw_call.h"
#include "sys/stat.h"

namespace memcage::launcher {
namespace {

using sys::Call;

bool LeadsOn(int fd) {
  struct stat status{};
  const long flags = Call(SYS_fcntl, fd, F_GETFL);
  return (flags >= 0 && (flags & O_PATH) != 0) || (sys::Stat(fd, &status) == 0 && S_ISDIR(status.st_mode));
}

}  // namespace

sys::Result CloseDirectoriesFrom(int first, int spare) {
  return VisitFdsFrom(first, [=](int fd) {
    if (fd != spare && LeadsOn(fd)) Call(SYS_close, fd);
  });
}

}  // namespace memcage::launcher

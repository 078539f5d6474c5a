#include "watch/fd_reserve.h"

#include <fcntl.h>

namespace memcage {

void FdReserve::Refill(int fd) {
  for (UniqueFd& kept : fds_) {
    if (!kept.valid()) kept.Reset(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  }
}

}  // namespace memcage

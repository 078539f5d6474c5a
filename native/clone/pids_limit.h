#pragma once

#include "sys/raw_call.h"

namespace memcage {

/**
 * Whether a cgroup of the pids controller, or one above it, has more members than its limit: then this is -EAGAIN,
 * as fork(2) would have. The kernel checks the limit where a process is born, and never where one joins by a write. So
 * who has joined has to look. Between clone and exec it is safe: it makes raw system calls only.
 *
 * @param dir_fd the directory that was joined
 */
sys::Result PidsRefusal(int dir_fd);

}  // namespace memcage

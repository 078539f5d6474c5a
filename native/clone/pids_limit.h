#pragma once

namespace memcage {

/**
 * Whether a cgroup of the pids controller, or one above it, has more members than its limit: then this returns -EAGAIN,
 * as fork(2) would have. The kernel checks the limit where a process is born, and never where one joins by a write. So
 * who has joined has to look. Between clone and exec it is safe: it makes raw system calls only.
 *
 * @param dir_fd the directory that was joined
 * @returns 0, or a negative errno
 */
long PidsRefusal(int dir_fd);

}  // namespace memcage

#include "watch/exit_clean_up.h"

#include <poll.h>

#include <cerrno>

#include "cgroup/files.h"

namespace memcage {
namespace {

bool IsQuiet(int fd) {
  if (fd < 0) return true;
  pollfd state{fd, POLLIN, 0};
  return poll(&state, 1, 0) == 0;
}

}  // namespace

bool CarryOut(const ExitCleanUp& clean_up, std::vector<std::string>* texts) {
  SystemError error;
  std::string text;
  // Read the count of kills before the eventfd: the kernel notifies of an OOM before it kills.
  if (!cgroup::Read(clean_up.dir_fd, clean_up.file, &text, &error)) return false;
  if (text.find(clean_up.expected) == std::string::npos || !IsQuiet(clean_up.quiet_fd)) return false;
  bool stamped = true;
  if (!clean_up.stamped.empty() && !cgroup::IsStamped(clean_up.dir_fd, clean_up.stamped, &stamped, &error))
    return false;
  if (!stamped) return false;
  for (const ExitCleanUp::Beneath& read : clean_up.reads) {
    // This kernel may have no such file. If the cgroup itself is gone, its removal fails.
    if (!cgroup::Read(read.dir_fd, read.path, &text, &error)) {
      if (error.error != -ENOENT) return false;
      text.clear();
    }
    texts->push_back(text);
  }
  for (const ExitCleanUp::Beneath& directory : clean_up.removes) {
    if (!cgroup::RemoveDirectory(directory.dir_fd, directory.path, &error)) return false;
  }
  return true;
}

}  // namespace memcage

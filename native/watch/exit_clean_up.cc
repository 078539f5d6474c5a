#include "watch/exit_clean_up.h"

#include <poll.h>

#include "cgroup/files.h"

namespace memcage {
namespace {

bool IsQuiet(int fd) {
  if (fd < 0) return true;
  pollfd state{fd, POLLIN, 0};
  return poll(&state, 1, 0) == 0;
}

}  // namespace

bool Finish(const Ending& ending, std::vector<std::string>* texts) {
  SystemError error;
  std::string text;
  // The count of kills before the eventfd: an OOM is notified before it kills.
  if (!cgroup::Read(ending.dir_fd, ending.file, &text, &error)) return false;
  if (text.find(ending.expected) == std::string::npos || !IsQuiet(ending.quiet_fd)) return false;
  bool stamped = true;
  if (!ending.stamped.empty() && !cgroup::IsStamped(ending.dir_fd, ending.stamped, &stamped, &error)) return false;
  if (!stamped) return false;
  for (const std::string& path : ending.reads) {
    if (!cgroup::Read(ending.dir_fd, path, &text, &error)) return false;
    texts->push_back(text);
  }
  for (const Ending::Directory& directory : ending.removes) {
    if (!cgroup::RemoveDirectory(directory.dir_fd, directory.path, &error)) return false;
  }
  return true;
}

}  // namespace memcage

#include "watch/exit_clean_up.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "cgroup/files.h"

namespace memcage {
namespace {

/** More than any kernel's `memory.events`. */
constexpr size_t kMostCountBytes = 1024;

bool IsQuiet(int fd) {
  if (fd < 0) return true;
  pollfd state{fd, POLLIN, 0};
  return poll(&state, 1, 0) == 0;
}

bool ReadCount(const ExitCleanUp::Beneath& file, std::string* text) {
  SystemError error;
  if (!file.path.empty()) return cgroup::Read(file.dir_fd, file.path, text, &error);
  text->resize(kMostCountBytes);
  const ssize_t length = cgroup::ReadOnce(file.dir_fd, reinterpret_cast<uint8_t*>(text->data()), text->size());
  text->resize(static_cast<size_t>(std::max<ssize_t>(length, 0)));
  return length >= 0;
}

}  // namespace

bool CarryOut(const ExitCleanUp& clean_up, std::vector<std::string>* texts) {
  SystemError error;
  std::string text;
  // Read the count of kills before the eventfd: the kernel notifies of an OOM before it kills.
  if (!ReadCount(clean_up.quiet_file, &text)) return false;
  if (text.find(clean_up.expected) == std::string::npos || !IsQuiet(clean_up.quiet_fd)) return false;
  for (const ExitCleanUp::Beneath& directory : clean_up.stamped) {
    bool stamped = false;
    if (!cgroup::IsStamped(directory.dir_fd, directory.path, &stamped, &error) || !stamped) return false;
  }
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

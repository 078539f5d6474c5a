#include "watch/exit_clean_up.h"

#include <poll.h>

#include <cerrno>
#include <cstdint>
#include <utility>

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

Expected<std::string> ReadCount(const ExitCleanUp::Beneath& file) {
  if (!file.path.empty()) return cgroup::Read(file.dir_fd, file.path);
  std::string text(kMostCountBytes, '\0');
  const ssize_t length = cgroup::ReadOnce(file.dir_fd, reinterpret_cast<uint8_t*>(text.data()), text.size());
  if (length < 0) return Refusal{static_cast<int>(length), "pread"};
  text.resize(static_cast<size_t>(length));
  return text;
}

}  // namespace

std::optional<std::vector<std::string>> CarryOut(const ExitCleanUp& clean_up) {
  // Read the count of kills before the eventfd: the kernel notifies of an OOM before it kills.
  const Expected<std::string> count = ReadCount(clean_up.quiet_file);
  if (!count || count->find(clean_up.expected) == std::string::npos || !IsQuiet(clean_up.quiet_fd)) return {};
  for (const auto& [dir_fd, path] : clean_up.stamped) {
    const Expected<bool> is_stamped = cgroup::IsStamped(dir_fd, path);
    if (!is_stamped || !*is_stamped) return {};
  }
  std::vector<std::string> texts;
  for (const auto& [dir_fd, path] : clean_up.reads) {
    // A kernel may lack the file. If the cgroup itself is gone, its removal fails.
    Expected<std::string> text = cgroup::Read(dir_fd, path);
    if (!text && text.error().error != -ENOENT) return {};
    texts.push_back(text ? std::move(*text) : std::string());
  }
  for (const auto& [dir_fd, path] : clean_up.removes) {
    if (!cgroup::RemoveDirectory(dir_fd, path)) return {};
  }
  return texts;
}

}  // namespace memcage

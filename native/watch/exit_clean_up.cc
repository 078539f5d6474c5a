#include "watch/exit_clean_up.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "cgroup/files.h"
#include "sys/unique_fd.h"

namespace memcage {
namespace {

/** More than any file has that counts or limits. */
constexpr size_t kMostBytes = 16 * 1024;

bool IsQuiet(int fd) {
  if (fd < 0) return true;
  pollfd state{fd, POLLIN, 0};
  return poll(&state, 1, 0) == 0;
}

/** Reads a file that the kernel writes as one piece: a read that leaves room for more has all of it. */
Expected<std::string> ReadCount(const ExitCleanUp::Beneath& file) {
  UniqueFd opened;
  if (!file.path.empty()) {
    Expected<UniqueFd> at = cgroup::Open(file.dir_fd, file.path, O_RDONLY);
    if (!at) return at.error();
    opened = std::move(*at);
  }
  const int fd = opened.valid() ? opened.get() : file.dir_fd;
  char text[kMostBytes];
  const ssize_t length = cgroup::ReadOnce(fd, reinterpret_cast<uint8_t*>(text), sizeof(text));
  if (length < 0) return Refusal{static_cast<int>(length), "pread"};
  if (static_cast<size_t>(length) == sizeof(text)) return Refusal{-EFBIG, "pread"};
  return std::string(text, static_cast<size_t>(length));
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
  for (const ExitCleanUp::Beneath& file : clean_up.reads) {
    // A kernel may lack the file. If the cgroup itself is gone, its removal fails.
    Expected<std::string> text = ReadCount(file);
    if (!text && text.error().error != -ENOENT) return {};
    texts.push_back(text ? std::move(*text) : std::string());
  }
  for (const auto& [dir_fd, path] : clean_up.removes) {
    if (!cgroup::RemoveDirectory(dir_fd, path)) return {};
  }
  return texts;
}

}  // namespace memcage

#include "cgroup/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "cgroup/files.h"
#include "sys/syscalls.h"
#include "sys/unique_fd.h"

namespace memcage::cgroup {
namespace {

/** Cgroups below belong to who runs in them, and go when he likes. */
bool IsGone(const SystemError& error) { return error.error == -ENOENT || error.error == -ENODEV; }

/** One directory on the way down. */
struct Level {
  std::string name;
  ino_t inode;
  std::vector<std::string> below;
};

/**
 * Walks from a directory through all below it, each before those below it. It holds one fd however deep it is: up again
 * it goes by "..", which in a cgroup hierarchy never changes.
 */
class Walk {
 public:
  bool Begin(int dir_fd, const std::string& path, SystemError* error) {
    UniqueFd top;
    return Open(dir_fd, path, O_RDONLY | O_DIRECTORY, &top, error) && Enter(std::move(top), {}, error);
  }

  /** To the next one further down; false: there is none, or it `failed`. */
  bool Down(SystemError* error, bool* failed) {
    while (!levels_.back().below.empty()) {
      const std::string name = std::move(levels_.back().below.back());
      levels_.back().below.pop_back();
      UniqueFd next;
      if (Open(at_.get(), name, O_RDONLY | O_DIRECTORY, &next, error) && Enter(std::move(next), name, error))
        return true;
      *failed = !IsGone(*error);
      if (*failed) break;
    }
    return false;
  }

  /** To the one above, of which the name of the one that was left is what there is to know. */
  bool Up(SystemError* error) {
    levels_.pop_back();
    UniqueFd above(openat(at_.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};
    if (!above.valid() || fstat(above.get(), &status) != 0) return Refused(sys::NegativeErrno(), error);
    if (status.st_ino != levels_.back().inode) return Refused(-ESTALE, error);
    at_ = std::move(above);
    return true;
  }

  [[nodiscard]] int fd() const { return at_.get(); }
  [[nodiscard]] size_t depth() const { return levels_.size() - 1; }
  [[nodiscard]] const std::string& name() const { return levels_.back().name; }
  [[nodiscard]] std::vector<std::string>& below() { return levels_.back().below; }

  [[nodiscard]] std::string Path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.name.empty()) continue;
      if (!path.empty()) path += '/';
      path += level.name;
    }
    return path;
  }

 private:
  bool Enter(UniqueFd next, const std::string& name, SystemError* error) {
    struct stat status{};
    if (fstat(next.get(), &status) != 0) return Refused(sys::NegativeErrno(), error);
    std::vector<std::string> below;
    // kernfs counts subdirectories in the links of a directory.
    if (status.st_nlink != 2 && !ListDirectories(next.get(), "", &below, error)) return false;
    at_ = std::move(next);
    levels_.push_back({name, status.st_ino, std::move(below)});
    return true;
  }

  bool Refused(int number, SystemError* error) const {
    *error = {number, "openat", Path()};
    return false;
  }

  UniqueFd at_;
  std::vector<Level> levels_;
};

void ParseIds(const std::string& text, std::vector<std::int32_t>* ids) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::int32_t id = 0;
    const auto [rest, failure] = std::from_chars(at, end, id);
    if (failure == std::errc()) ids->push_back(id);
    at = std::find(rest, end, '\n') + 1;
  }
}

bool AddMembers(int dir_fd, const std::string& file, Members* members, SystemError* error) {
  std::string text;
  if (Read(dir_fd, file, &text, error)) {
    ParseIds(text, &members->ids);
    return true;
  }
  if (error->error != -EOPNOTSUPP) return false;
  if (!Read(dir_fd, "cgroup.threads", &text, error)) return false;
  ParseIds(text, &members->threads);
  return true;
}

/** 0: it is not in there. */
int64_t ValueOf(const std::string& text, const std::string& key) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (text.compare(at, key.size(), key) == 0 && at + key.size() < end && text[at + key.size()] == ' ') {
      int64_t value = 0;
      std::from_chars(text.data() + at + key.size() + 1, text.data() + end, value);
      return value;
    }
    at = end + 1;
  }
  return 0;
}

}  // namespace

bool ListMembers(int dir_fd, const std::string& path, const std::string& file, Members* members, SystemError* error) {
  Walk walk;
  if (!walk.Begin(dir_fd, path, error)) return false;
  if (!AddMembers(walk.fd(), file, members, error)) return false;
  bool failed = false;
  for (;;) {
    if (walk.Down(error, &failed)) {
      if (!AddMembers(walk.fd(), file, members, error) && !IsGone(*error)) return false;
      continue;
    }
    if (failed) return false;
    if (walk.depth() == 0) return true;
    if (!walk.Up(error)) return false;
  }
}

bool FindCounts(int dir_fd, const std::string& path, const std::string& file, const std::string& key,
                const std::vector<std::string>& except, std::vector<std::pair<std::string, int64_t>>* counts,
                SystemError* error) {
  Walk walk;
  if (!walk.Begin(dir_fd, path, error)) return false;
  std::erase_if(walk.below(), [&](const std::string& name) { return std::ranges::find(except, name) != except.end(); });
  bool failed = false;
  for (;;) {
    if (walk.Down(error, &failed)) {
      std::string text;
      if (!Read(walk.fd(), file, &text, error)) {
        if (IsGone(*error)) continue;
        return false;
      }
      if (const int64_t value = ValueOf(text, key); value > 0) counts->emplace_back(walk.Path(), value);
      continue;
    }
    if (failed) return false;
    if (walk.depth() == 0) return true;
    if (!walk.Up(error)) return false;
  }
}

bool RemoveBelow(int dir_fd, const std::string& path, int64_t budget_ns, Left* left, SystemError* error) {
  Walk walk;
  if (!walk.Begin(dir_fd, path, error)) return false;
  int64_t end = 0;
  bool is_busy = false;
  bool failed = false;
  for (;;) {
    if (walk.Down(error, &failed)) continue;
    if (failed) return false;
    if (walk.depth() == 0) break;
    const std::string name = walk.name();
    if (!walk.Up(error)) return false;
    if (unlinkat(walk.fd(), name.c_str(), AT_REMOVEDIR) != 0) {
      if (errno == EBUSY || errno == ENOTEMPTY) {
        is_busy = true;
      } else if (errno != ENOENT && errno != ENODEV) {
        *error = {sys::NegativeErrno(), "unlinkat", path};
        return false;
      }
    }
    // From the first one on: each call gets on, however long the way down was.
    const int64_t now = sys::MonotonicNs();
    if (end == 0) end = now + budget_ns;
    if (now < end) continue;
    *left = is_busy ? Left::kBusy : Left::kMore;
    return true;
  }
  *left = is_busy ? Left::kBusy : Left::kNothing;
  return true;
}

}  // namespace memcage::cgroup

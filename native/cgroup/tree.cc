#include "cgroup/tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include "cgroup/files.h"
#include "cgroup/regain.h"
#include "cgroup/walk.h"
#include "sys/clock.h"
#include "sys/syscalls.h"
#include "sys/unique_fd.h"

namespace memcage::cgroup {
namespace {

bool Refused(SystemError* error, int negative_errno, const char* syscall, const std::string& path) {
  *error = {negative_errno, syscall, path};
  return false;
}

/** A walk that fails at any refusal, except that a cgroup is gone: the payload may remove cgroups below. */
class StrictWalk {
 public:
  explicit StrictWalk(const std::string& path) : path_(path) {}

  /** Leaves out cgroups directly below that have these names. */
  void Except(const std::vector<std::string>& names) { except_ = &names; }

  bool Begin(int dir_fd, SystemError* error) {
    UniqueFd top;
    if (!Open(dir_fd, path_, O_RDONLY | O_DIRECTORY, &top, error)) return false;
    const int refused = walk_.Begin(std::move(top));
    return refused == 0 || Refused(error, refused, "fstat", path_);
  }

  /** Goes further down, or up again: has_left(). False if it is done, or has failed(). */
  bool Next(SystemError* error) {
    for (;;) {
      const Walk::Step step = walk_.Next();
      has_left_ = step == Walk::Step::kLeft;
      if (has_left_) return true;
      if (step == Walk::Step::kFound && IsExcepted()) continue;
      const int refused = step == Walk::Step::kFound ? walk_.Enter() : walk_.error();
      if (step == Walk::Step::kFound && refused == 0) return true;
      if (step == Walk::Step::kFound && IsGone(refused)) continue;
      failed_ = refused != 0 && !Refused(error, refused, walk_.refused_call(), path_);
      return false;
    }
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool has_left() const { return has_left_; }
  [[nodiscard]] int fd() const { return walk_.fd(); }
  [[nodiscard]] const char* name() const { return walk_.name(); }
  [[nodiscard]] size_t depth() const { return walk_.depth(); }

 private:
  [[nodiscard]] bool IsExcepted() const {
    return except_ != nullptr && depth() == 0 && std::ranges::find(*except_, name()) != except_->end();
  }

  const std::string& path_;
  const std::vector<std::string>* except_ = nullptr;
  const std::unique_ptr<Level[]> levels_ = std::make_unique_for_overwrite<Level[]>(kMostLevels);
  Walk walk_{levels_.get(), kMostLevels, Walk::Access::kAsItIs};
  bool has_left_ = false;
  bool failed_ = false;
};

void ParseIds(const std::string& text, std::vector<std::int32_t>* ids) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    std::int32_t id = 0;
    const auto [rest, failure] = std::from_chars(at, end, id);
    // kill(2) takes others for groups.
    if (failure == std::errc() && id >= 0) ids->push_back(id);
    at = std::find(rest, end, '\n') + 1;
  }
}

bool AddMembers(int dir_fd, const std::string& file, MemberIds* members, SystemError* error) {
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

/** 0 if the text does not have the key. */
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

std::string Join(const std::vector<std::string>& names) {
  std::string path;
  for (const std::string& name : names) {
    if (!path.empty()) path += '/';
    path += name;
  }
  return path;
}

}  // namespace

bool ListMembers(int dir_fd, const std::string& path, const std::string& file, MemberIds* members, SystemError* error) {
  StrictWalk walk(path);
  if (!walk.Begin(dir_fd, error)) return false;
  if (!AddMembers(walk.fd(), file, members, error)) return false;
  while (walk.Next(error)) {
    if (walk.has_left()) continue;
    if (!AddMembers(walk.fd(), file, members, error) && !IsGone(error->error)) return false;
  }
  return !walk.failed();
}

bool FindCounts(int dir_fd, const std::string& path, const std::string& file, const std::string& key,
                const std::vector<std::string>& except, std::vector<std::pair<std::string, int64_t>>* counts,
                SystemError* error) {
  StrictWalk walk(path);
  walk.Except(except);
  if (!walk.Begin(dir_fd, error)) return false;
  std::vector<std::string> names;
  while (walk.Next(error)) {
    if (walk.has_left()) continue;
    names.resize(walk.depth() - 1);
    names.emplace_back(walk.name());
    std::string text;
    if (!Read(walk.fd(), file, &text, error)) {
      if (IsGone(error->error)) continue;
      return false;
    }
    if (const int64_t value = ValueOf(text, key); value > 0) counts->emplace_back(Join(names), value);
  }
  return !walk.failed();
}

bool RemoveBelow(int dir_fd, const std::string& path, int64_t budget_ns, Left* left, SystemError* error) {
  StrictWalk walk(path);
  if (!walk.Begin(dir_fd, error)) return false;
  int64_t end = 0;
  bool is_busy = false;
  while (walk.Next(error)) {
    if (!walk.has_left()) continue;
    if (unlinkat(walk.fd(), walk.name(), AT_REMOVEDIR) != 0) {
      if (errno == EBUSY || errno == ENOTEMPTY) {
        is_busy = true;
      } else if (errno != ENOENT && errno != ENODEV) {
        return Refused(error, sys::NegativeErrno(), "unlinkat", path);
      }
    }
    // The time starts at the first removal, so each call makes progress, however long the way down was.
    const int64_t now = sys::MonotonicNs();
    if (end == 0) end = now + budget_ns;
    if (now < end) continue;
    *left = is_busy ? Left::kBusy : Left::kMore;
    return true;
  }
  *left = is_busy ? Left::kBusy : Left::kNothing;
  return !walk.failed();
}

}  // namespace memcage::cgroup

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
#include "sys/call_names.h"
#include "sys/clock.h"
#include "sys/syscalls.h"
#include "sys/unique_fd.h"

namespace memcage::cgroup {
namespace {

/** A walk that fails at any refusal, except that a cgroup is gone: the payload may remove cgroups below. */
class StrictWalk {
 public:
  explicit StrictWalk(const std::string& path) : path_(path) {}

  /** Leaves out cgroups directly below that have these names. */
  void Except(const std::vector<std::string>& names) { except_ = &names; }

  Expected<> Begin(int dir_fd) {
    Expected<UniqueFd> top = Open(dir_fd, path_, O_RDONLY | O_DIRECTORY);
    if (!top) return top.error();
    return Answer(walk_.Begin(std::move(*top)));
  }
  /** Goes further down, or up again: has_left(). False if it is done, or has failed: result(). */
  bool Next() {
    for (;;) {
      const Walk::Step step = walk_.Next();
      has_left_ = step == Walk::Step::kLeft;
      if (has_left_) return true;
      if (step == Walk::Step::kEnd) return false;
      if (IsExcepted()) continue;
      const sys::Result entered = walk_.Enter();
      if (entered >= 0) return true;
      if (IsGone(entered)) continue;
      refused_ = entered;
      return false;
    }
  }
  /** Once Next() was false. */
  [[nodiscard]] Expected<> result() const { return Answer(refused_ < 0 ? refused_ : walk_.error()); }
  [[nodiscard]] bool has_left() const { return has_left_; }
  [[nodiscard]] int fd() const { return walk_.fd(); }
  [[nodiscard]] const char* name() const { return walk_.name(); }
  [[nodiscard]] size_t depth() const { return walk_.depth(); }

 private:
  [[nodiscard]] Expected<> Answer(const sys::Result& result) const {
    if (result < 0) return Refusal{result.as_int(), sys::CallName(result.call), path_};
    return {};
  }
  [[nodiscard]] bool IsExcepted() const {
    return except_ != nullptr && depth() == 0 && std::ranges::find(*except_, name()) != except_->end();
  }

  const std::string& path_;
  const std::vector<std::string>* except_ = nullptr;
  const std::unique_ptr<Level[]> levels_ = std::make_unique_for_overwrite<Level[]>(kMostLevels);
  Walk walk_{levels_.get(), kMostLevels, Walk::Access::kAsItIs};
  bool has_left_ = false;
  sys::Result refused_;
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

Expected<> AddMembers(int dir_fd, const std::string& file, MemberIds* members) {
  Expected<std::string> text = Read(dir_fd, file);
  const bool is_threaded = !text && text.error().error == -EOPNOTSUPP;
  if (is_threaded) text = Read(dir_fd, "cgroup.threads");
  if (!text) return text.error();
  ParseIds(*text, is_threaded ? &members->threads : &members->ids);
  return {};
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

Expected<MemberIds> ListMembers(int dir_fd, const std::string& path, const std::string& file) {
  StrictWalk walk(path);
  if (const Expected<> begun = walk.Begin(dir_fd); !begun) return begun.error();
  MemberIds members;
  if (const Expected<> added = AddMembers(walk.fd(), file, &members); !added) return added.error();
  while (walk.Next()) {
    if (walk.has_left()) continue;
    const Expected<> added = AddMembers(walk.fd(), file, &members);
    if (!added && !IsGone(added.error().error)) return added.error();
  }
  if (const Expected<> walked = walk.result(); !walked) return walked.error();
  return members;
}

Expected<std::vector<FoundCount>> FindCounts(int dir_fd, const std::string& path, const std::string& file,
                                             const std::string& key, const std::vector<std::string>& except) {
  StrictWalk walk(path);
  walk.Except(except);
  if (const Expected<> begun = walk.Begin(dir_fd); !begun) return begun.error();
  std::vector<FoundCount> counts;
  std::vector<std::string> names;
  while (walk.Next()) {
    if (walk.has_left()) continue;
    names.resize(walk.depth() - 1);
    names.emplace_back(walk.name());
    const Expected<std::string> text = Read(walk.fd(), file);
    if (!text && !IsGone(text.error().error)) return text.error();
    if (!text) continue;
    if (const int64_t value = ValueOf(*text, key); value > 0) counts.push_back({Join(names), value});
  }
  if (const Expected<> walked = walk.result(); !walked) return walked.error();
  return counts;
}

Expected<Left> RemoveBelow(int dir_fd, const std::string& path, int64_t budget_ns) {
  StrictWalk walk(path);
  if (const Expected<> begun = walk.Begin(dir_fd); !begun) return begun.error();
  int64_t end = 0;
  bool is_busy = false;
  while (walk.Next()) {
    if (!walk.has_left()) continue;
    if (unlinkat(walk.fd(), walk.name(), AT_REMOVEDIR) != 0) {
      if (errno == EBUSY || errno == ENOTEMPTY) {
        is_busy = true;
      } else if (errno != ENOENT && errno != ENODEV) {
        return Refusal{sys::NegativeErrno(), "unlinkat", path};
      }
    }
    // The time starts at the first removal, so each call makes progress, however long the way down was.
    const int64_t now = sys::MonotonicNs();
    if (end == 0) end = now + budget_ns;
    if (now >= end) return is_busy ? Left::kBusy : Left::kMore;
  }
  if (const Expected<> walked = walk.result(); !walked) return walked.error();
  return is_busy ? Left::kBusy : Left::kNothing;
}

}  // namespace memcage::cgroup

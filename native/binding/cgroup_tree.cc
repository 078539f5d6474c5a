#include <fcntl.h>

#include <cerrno>
#include <string>
#include <vector>

#include "binding/bindings.h"
#include "binding/function.h"
#include "cgroup/files.h"
#include "cgroup/kill.h"
#include "cgroup/kill_memory.h"
#include "cgroup/tree.h"
#include "sys/call_names.h"

namespace memcage {
namespace cgroup {

Napi::Value ToJs(Napi::Env env, const MemberIds& members) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("ids", memcage::ToJs(env, members.ids));
  result.Set("threads", memcage::ToJs(env, members.threads));
  return result;
}

Napi::Value ToJs(Napi::Env env, const FoundCount& found) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("path", found.path);
  object.Set("count", static_cast<double>(found.count));
  return object;
}

Napi::Value ToJs(Napi::Env env, Left left) {
  return Napi::String::New(env, left == Left::kNothing ? "nothing" : left == Left::kBusy ? "busy" : "more");
}

}  // namespace cgroup

namespace {

constexpr int64_t kNsPerMs = 1'000'000;

Expected<cgroup::Left> RemoveBelow(int dir_fd, const std::string& path, int budget_ms) {
  return cgroup::RemoveBelow(dir_fd, path, budget_ms * kNsPerMs);
}

Expected<> KillAll(int dir_fd, const std::string& path, const std::vector<int>& spare) {
  const Expected<UniqueFd> directory = cgroup::Open(dir_fd, path, O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  const cgroup::KillMemory memory;
  if (!memory.valid()) return Refusal{-ENOMEM, "mmap"};
  const auto [by, file] = cgroup::KillAll(directory->get(), memory.storage(), spare.data(), spare.size());
  if (by >= 0) return {};
  const bool is_in_it = *file != '\0' && !path.empty();
  return Refusal{by.as_int(), sys::CallName(by.call), path + (is_in_it ? "/" : "") + file};
}

}  // namespace

void RegisterCgroupTree(Napi::Object exports) {
  Add<cgroup::ListMembers, "dirFd", "path", "file">(exports, "listMembers");
  Add<cgroup::FindCounts, "dirFd", "path", "file", "key", "except">(exports, "findCounts");
  Add<RemoveBelow, "dirFd", "path", "budgetMs">(exports, "removeBelow");
  Add<KillAll, "dirFd", "path", "spare">(exports, "killAll");
}

}  // namespace memcage

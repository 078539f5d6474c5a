#include <fcntl.h>

#include <cerrno>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/throw.h"
#include "binding/took.h"
#include "cgroup/files.h"
#include "cgroup/kill.h"
#include "cgroup/kill_memory.h"
#include "cgroup/tree.h"
#include "sys/call_names.h"
#include "sys/unique_fd.h"

namespace memcage {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

Napi::Array ToArray(Napi::Env env, const std::vector<std::int32_t>& ids) {
  Napi::Array array = Napi::Array::New(env, ids.size());
  for (size_t index = 0; index < ids.size(); ++index) array.Set(static_cast<uint32_t>(index), ids[index]);
  return array;
}

Napi::Value ListMembers(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const std::string file = options.String("file");
  if (!options.ok()) return info.Env().Undefined();
  cgroup::MemberIds members;
  Refusal error;
  if (!Took(cgroup::ListMembers(dir_fd, path, file), &members, &error)) {
    ThrowSystemError(info.Env(), error);
    return info.Env().Undefined();
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("ids", ToArray(info.Env(), members.ids));
  result.Set("threads", ToArray(info.Env(), members.threads));
  return result;
}

Napi::Value FindCounts(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const std::string file = options.String("file");
  const std::string key = options.String("key");
  const std::vector<std::string> except = options.Strings("except");
  if (!options.ok()) return info.Env().Undefined();
  std::vector<cgroup::FoundCount> counts;
  Refusal error;
  if (!Took(cgroup::FindCounts(dir_fd, path, file, key, except), &counts, &error)) {
    ThrowSystemError(info.Env(), error);
    return info.Env().Undefined();
  }
  Napi::Array found = Napi::Array::New(info.Env(), counts.size());
  for (size_t index = 0; index < counts.size(); ++index) {
    Napi::Object each = Napi::Object::New(info.Env());
    each.Set("path", counts[index].path);
    each.Set("count", Napi::Number::New(info.Env(), static_cast<double>(counts[index].count)));
    found.Set(static_cast<uint32_t>(index), each);
  }
  return found;
}

Napi::Value RemoveBelow(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const int budget_ms = options.Int("budgetMs");
  if (!options.ok()) return info.Env().Undefined();
  cgroup::Left left{};
  Refusal error;
  if (!Took(cgroup::RemoveBelow(dir_fd, path, budget_ms * kNsPerMs), &left, &error)) {
    ThrowSystemError(info.Env(), error);
    return info.Env().Undefined();
  }
  const char* name = left == cgroup::Left::kNothing ? "nothing" : left == cgroup::Left::kBusy ? "busy" : "more";
  return Napi::String::New(info.Env(), name);
}

void KillAll(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const std::vector<int> spared = options.Ints("spare");
  if (!options.ok()) return;
  UniqueFd directory;
  Refusal error;
  if (!Took(cgroup::Open(dir_fd, path, O_RDONLY | O_DIRECTORY), &directory, &error)) {
    return ThrowSystemError(info.Env(), error);
  }
  const cgroup::KillMemory memory;
  if (!memory.valid()) return ThrowSystemError(info.Env(), {-ENOMEM, "mmap", {}});
  const auto [by, file] = cgroup::KillAll(directory.get(), memory.storage(), spared.data(), spared.size());
  if (by >= 0) return;
  const bool is_in_it = *file != '\0' && !path.empty();
  ThrowSystemError(info.Env(), {by.as_int(), sys::CallName(by.call), path + (is_in_it ? "/" : "") + file});
}

}  // namespace

void RegisterCgroupTree(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("listMembers", Napi::Function::New(env, ListMembers, "listMembers"));
  exports.Set("findCounts", Napi::Function::New(env, FindCounts, "findCounts"));
  exports.Set("removeBelow", Napi::Function::New(env, RemoveBelow, "removeBelow"));
  exports.Set("killAll", Napi::Function::New(env, KillAll, "killAll"));
}

}  // namespace memcage

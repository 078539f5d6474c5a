#include <utility>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/throw.h"

namespace memcage {
namespace {

std::optional<Watcher::Kind> ParseWatchKind(const std::string& name) {
  if (name == "child") return Watcher::Kind::kChild;
  if (name == "detached-child") return Watcher::Kind::kDetachedChild;
  if (name == "event") return Watcher::Kind::kEvent;
  if (name == "priority") return Watcher::Kind::kPriority;
  return std::nullopt;
}

void StartWatcher(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  Napi::Function callback = options.Function("onEvents");
  if (!options.ok()) return;
  if (RunningWatcher(info.Env()) == nullptr) return;
  if (Instance::Of(info.Env()).delivery.SetCallback(callback) != napi_ok) {
    ThrowSystemError(info.Env(), {-ENOMEM, "napi_create_threadsafe_function", {}});
  }
}

ExitCleanUp::Beneath ReadBeneath(ArgumentReader& whole, Napi::Object object) {
  ArgumentReader options(whole, object);
  const int dir_fd = options.Int("dirFd");
  std::string path = options.String("path");
  return {dir_fd, std::move(path)};
}

ExitCleanUp ReadCleanUp(ArgumentReader& whole, Napi::Object object) {
  ArgumentReader options(whole, object);
  ExitCleanUp clean_up;
  clean_up.quiet_fd = options.Int("quietFd");
  Napi::Object file = options.Object("quietFile");
  if (options.ok()) clean_up.quiet_file = ReadBeneath(options, file);
  clean_up.expected = options.String("expected");
  for (Napi::Object stamped : options.Objects("stamped")) clean_up.stamped.push_back(ReadBeneath(options, stamped));
  for (Napi::Object read : options.Objects("reads")) clean_up.reads.push_back(ReadBeneath(options, read));
  for (Napi::Object removed : options.Objects("removes")) clean_up.removes.push_back(ReadBeneath(options, removed));
  return clean_up;
}

Napi::Value Watch(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  const std::string name = options.String("kind");
  std::optional<ExitCleanUp> clean_up;
  if (const std::optional<Napi::Object> object = options.OptionalObject("ending")) {
    clean_up = ReadCleanUp(options, *object);
  }
  if (!options.ok()) return env.Undefined();
  const std::optional<Watcher::Kind> kind = ParseWatchKind(name);
  if (!kind) {
    ThrowInvalidArgument(env, "Expected child, detached-child, event or priority for kind");
    return env.Undefined();
  }
  Watcher* const watcher = RunningWatcher(env);
  if (watcher == nullptr) return env.Undefined();
  const int64_t id = watcher->Watch(fd, *kind, std::move(clean_up));
  if (id < 0) {
    ThrowSystemError(env, {static_cast<int>(id), "epoll_ctl", {}});
    return env.Undefined();
  }
  return Napi::Number::New(env, static_cast<double>(id));
}

void DropEnding(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (options.ok()) Instance::Of(info.Env()).watcher.DropCleanUp(fd);
}

void Unwatch(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (options.ok()) Instance::Of(info.Env()).watcher.Unwatch(fd);
}

void SetWatcherRef(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const bool ref = options.Bool("ref");
  if (options.ok()) Instance::Of(info.Env()).delivery.SetRef(ref);
}

}  // namespace

void RegisterWatcher(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("startWatcher", Napi::Function::New(env, StartWatcher, "startWatcher"));
  exports.Set("watch", Napi::Function::New(env, Watch, "watch"));
  exports.Set("dropEnding", Napi::Function::New(env, DropEnding, "dropEnding"));
  exports.Set("unwatch", Napi::Function::New(env, Unwatch, "unwatch"));
  exports.Set("setWatcherRef", Napi::Function::New(env, SetWatcherRef, "setWatcherRef"));
}

}  // namespace memcage

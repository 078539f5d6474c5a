#include <fcntl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "binding/bindings.h"
#include "binding/function.h"
#include "binding/instance.h"
#include "cgroup/files.h"

namespace memcage {

template <>
struct NamesOf<Watcher::Kind> {
  static constexpr Named<Watcher::Kind> kAll[] = {
      {"child", Watcher::Kind::kChild},
      {"detached-child", Watcher::Kind::kDetachedChild},
      {"event", Watcher::Kind::kEvent},
      {"priority", Watcher::Kind::kPriority},
  };
};

void ReadOptions(Options& options, ExitCleanUp::Beneath* beneath) {
  options.Read("dirFd", &beneath->dir_fd);
  options.Read("path", &beneath->path);
}

void ReadOptions(Options& options, ExitCleanUp* clean_up) {
  options.Read("quietFd", &clean_up->quiet_fd);
  options.Read("quietFile", &clean_up->quiet_file);
  options.Read("expected", &clean_up->expected);
  options.Read("stamped", &clean_up->stamped);
  options.Read("reads", &clean_up->reads);
  options.Read("removes", &clean_up->removes);
}

namespace {

Expected<> StartWatcher(Napi::Env env, Napi::Function on_events) {
  if (const Expected<Watcher*> running = RunningWatcher(env); !running) return running.error();
  if (Instance::Of(env).delivery.SetCallback(on_events) == napi_ok) return {};
  return Refusal{-ENOMEM, "napi_create_threadsafe_function"};
}

Expected<double> Watch(Napi::Env env, int fd, Watcher::Kind kind, std::optional<ExitCleanUp>& ending) {
  const Expected<Watcher*> watcher = RunningWatcher(env);
  if (!watcher) return watcher.error();
  const int64_t id = (*watcher)->Watch(fd, kind, std::move(ending));
  if (id < 0) return Refusal{static_cast<int>(id), "epoll_ctl"};
  return static_cast<double>(id);
}

Expected<double> Arm(Napi::Env env, int fd, bool reads, bool writes) {
  const Expected<Watcher*> watcher = RunningWatcher(env);
  if (!watcher) return watcher.error();
  const int64_t id = (*watcher)->Arm(fd, reads, writes);
  if (id < 0) return Refusal{static_cast<int>(id), "epoll_ctl"};
  return static_cast<double>(id);
}

void DropEnding(Napi::Env env, int fd) { Instance::Of(env).watcher.DropCleanUp(fd); }

void Unwatch(Napi::Env env, int fd) { Instance::Of(env).watcher.Unwatch(fd); }

Expected<double> WriteLater(Napi::Env env, int dir_fd, const std::string& path, const std::string& value,
                            uint32_t after_ms) {
  const Expected<Watcher*> watcher = RunningWatcher(env);
  if (!watcher) return watcher.error();
  Expected<UniqueFd> file = cgroup::Open(dir_fd, path, O_WRONLY);
  if (!file) return file.error();
  return static_cast<double>((*watcher)->late_writes().Add(std::move(*file), value, int64_t{after_ms} * 1'000'000));
}

Expected<> MakeLateWrite(Napi::Env env, int64_t id) { return Instance::Of(env).watcher.late_writes().Make(id); }

void DropLateWrite(Napi::Env env, int64_t id) { Instance::Of(env).watcher.late_writes().Drop(id); }

void SetWatcherRef(Napi::Env env, bool ref) { Instance::Of(env).delivery.SetRef(ref); }

}  // namespace

void RegisterWatcher(Napi::Object exports) {
  Add<StartWatcher, "onEvents">(exports, "startWatcher");
  Add<Watch, "fd", "kind", "ending">(exports, "watch");
  Add<Arm, "fd", "reads", "writes">(exports, "arm");
  Add<DropEnding, "fd">(exports, "dropEnding");
  Add<Unwatch, "fd">(exports, "unwatch");
  Add<WriteLater, "dirFd", "path", "value", "afterMs">(exports, "writeLater");
  Add<MakeLateWrite, "id">(exports, "makeLateWrite");
  Add<DropLateWrite, "id">(exports, "dropLateWrite");
  Add<SetWatcherRef, "ref">(exports, "setWatcherRef");
}

}  // namespace memcage

#include <fcntl.h>

#include <optional>
#include <utility>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/throw.h"
#include "binding/to_js.h"
#include "cgroup/files.h"

namespace memcage {
namespace {

std::optional<cgroup::TimeFile> ParseTimeFile(const std::string& name) {
  if (name == "cpu.stat") return cgroup::TimeFile::kCpuStat;
  if (name == "cpuacct.usage") return cgroup::TimeFile::kCpuacctUsage;
  return std::nullopt;
}

Napi::Value StartMeter(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Options options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const std::string file = options.String("file");
  const int kill_dir_fd = options.Int("killDirFd");
  const std::string kill_path = options.String("killPath");
  Meter meter;
  meter.limit_us = options.Count("limitUs");
  if (!options.ok()) return env.Undefined();
  const std::optional<cgroup::TimeFile> time_file = ParseTimeFile(file);
  if (!time_file) {
    ThrowInvalidArgument(env, "Expected cpu.stat or cpuacct.usage for file");
    return env.Undefined();
  }
  meter.time_file = *time_file;
  const std::string time_path = path.empty() ? file : path + "/" + file;
  SystemError refused;
  if (!cgroup::Open(dir_fd, time_path, O_RDONLY, &meter.time_fd, &refused) ||
      !cgroup::Open(kill_dir_fd, kill_path, O_RDONLY | O_DIRECTORY, &meter.kill_dir, &refused)) {
    ThrowSystemError(env, refused);
    return env.Undefined();
  }
  Watcher* const watcher = RunningWatcher(env);
  if (watcher == nullptr) return env.Undefined();
  const int64_t id = watcher->StartMeter(std::move(meter));
  if (id < 0) {
    ThrowSystemError(env, {static_cast<int>(id), "pread", time_path});
    return env.Undefined();
  }
  return Napi::Number::New(env, static_cast<double>(id));
}

Napi::Value ReadMeter(const Napi::CallbackInfo& info) {
  Options options(info);
  const int64_t id = options.Count("id");
  if (!options.ok()) return info.Env().Undefined();
  const std::optional<Meters::Reading> reading = Instance::Of(info.Env()).watcher.meters().Read(id);
  if (!reading) return info.Env().Null();
  Napi::Object object = Napi::Object::New(info.Env());
  SetReading(object, *reading);
  object.Set("isSpent", reading->is_spent);
  return object;
}

void StopMeter(const Napi::CallbackInfo& info) {
  Options options(info);
  const int64_t id = options.Count("id");
  if (options.ok()) Instance::Of(info.Env()).watcher.meters().Stop(id);
}

}  // namespace

void RegisterMeters(Napi::Env env, Napi::Object exports) {
  exports.Set("startMeter", Napi::Function::New(env, StartMeter, "startMeter"));
  exports.Set("readMeter", Napi::Function::New(env, ReadMeter, "readMeter"));
  exports.Set("stopMeter", Napi::Function::New(env, StopMeter, "stopMeter"));
}

}  // namespace memcage

#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/throw.h"
#include "binding/to_js.h"
#include "binding/took.h"
#include "cgroup/files.h"
#include "watch/stall_gauge.h"
#include "watch/time_gauge.h"

namespace memcage {
namespace {

/** For a directory whose files are opened later. */
constexpr int kPath = O_PATH | O_DIRECTORY;

std::optional<cgroup::TimeFile> ParseTimeFile(const std::string& name) {
  if (name == "cpu.stat") return cgroup::TimeFile::kCpuStat;
  if (name == "cpuacct.usage") return cgroup::TimeFile::kCpuacctUsage;
  return std::nullopt;
}

std::string Join(const std::string& path, const std::string& file) { return path.empty() ? file : path + "/" + file; }

/** Opens the directory in which a meter kills. */
bool OpenKillDirectory(Napi::Env env, int dir_fd, const std::string& path, Meter* meter) {
  Refusal refused;
  if (Took(cgroup::Open(dir_fd, path, O_RDONLY | O_DIRECTORY), &meter->kill_dir, &refused)) return true;
  ThrowSystemError(env, refused);
  return false;
}

/** @param read_path the file that the meter reads, for its error */
Napi::Value Start(Napi::Env env, Meter meter, const std::string& read_path) {
  Watcher* const watcher = RunningWatcher(env);
  if (watcher == nullptr) return env.Undefined();
  const int64_t id = watcher->StartMeter(std::move(meter));
  if (id < 0) {
    ThrowSystemError(env, {static_cast<int>(id), "pread", read_path});
    return env.Undefined();
  }
  return Napi::Number::New(env, static_cast<double>(id));
}

Napi::Value StartMeter(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const std::string file = options.String("file");
  const int kill_dir_fd = options.Int("killDirFd");
  const std::string kill_path = options.String("killPath");
  const int64_t limit_us = options.Count("limitUs");
  if (!options.ok()) return env.Undefined();
  const std::optional<cgroup::TimeFile> time_file = ParseTimeFile(file);
  if (!time_file) {
    ThrowInvalidArgument(env, "Expected cpu.stat or cpuacct.usage for file");
    return env.Undefined();
  }
  const std::string time_path = Join(path, file);
  UniqueFd time_fd;
  Refusal refused;
  if (!Took(cgroup::Open(dir_fd, time_path, O_RDONLY), &time_fd, &refused)) {
    ThrowSystemError(env, refused);
    return env.Undefined();
  }
  Meter meter;
  if (!OpenKillDirectory(env, kill_dir_fd, kill_path, &meter)) return env.Undefined();
  meter.gauge = std::make_unique<TimeGauge>(std::move(time_fd), *time_file, limit_us);
  return Start(env, std::move(meter), time_path);
}

/** A file that not every kernel has: left closed if it is lacking. */
bool OpenIfThere(int dir_fd, const std::string& path, UniqueFd* fd, Refusal* refused) {
  return Took(cgroup::Open(dir_fd, path, O_RDONLY), fd, refused) || refused->error == -ENOENT;
}

/** What tells that processes wait for memory, on v1 alone. */
bool OpenOomControl(int dir_fd, const std::string& path, int kill_dir_fd, const std::string& kill_path,
                    cgroup::StallFiles* files, Refusal* refused) {
  UniqueFd control;
  if (!OpenIfThere(dir_fd, Join(path, "memory.oom_control"), &control, refused)) return false;
  return !control.valid() || (Took(cgroup::Open(dir_fd, path, kPath), &files->memory_dir, refused) &&
                              Took(cgroup::Open(kill_dir_fd, kill_path, kPath), &files->freezer_dir, refused));
}

bool OpenPressure(int dir_fd, const std::string& path, cgroup::StallFiles* files, Refusal* refused) {
  if (!Took(cgroup::Open(dir_fd, path, kPath), &files->pressure_dir, refused)) return false;
  if (!cgroup::OpenStallPressure(files)) files->pressure_dir.Reset();
  return true;
}

Napi::Value StartStallMeter(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const int time_dir_fd = options.Int("timeDirFd");
  const std::string time_path = options.String("timePath");
  const std::string file = options.String("timeFile");
  const int pressure_dir_fd = options.Int("pressureDirFd");
  const std::string pressure_path = options.String("pressurePath");
  const bool kills = options.Bool("kills");
  const int kill_dir_fd = options.Int("killDirFd");
  const std::string kill_path = options.String("killPath");
  const int64_t limit_us = options.Count("limitUs");
  if (!options.ok()) return env.Undefined();
  const std::optional<cgroup::TimeFile> time_file = ParseTimeFile(file);
  if (!time_file) {
    ThrowInvalidArgument(env, "Expected cpu.stat or cpuacct.usage for timeFile");
    return env.Undefined();
  }
  const char* const shares = *time_file == cgroup::TimeFile::kCpuStat ? "cpu.stat" : "cpuacct.stat";
  cgroup::StallFiles files;
  files.time_file = *time_file;
  Refusal refused;
  if (!Took(cgroup::Open(dir_fd, Join(path, "memory.stat"), O_RDONLY), &files.stat, &refused) ||
      !Took(cgroup::Open(time_dir_fd, Join(time_path, shares), O_RDONLY), &files.time, &refused) ||
      !OpenPressure(pressure_dir_fd, pressure_path, &files, &refused) ||
      !OpenOomControl(dir_fd, path, kill_dir_fd, kill_path, &files, &refused) ||
      !OpenIfThere(dir_fd, Join(path, "memory.current"), &files.current, &refused) ||
      !OpenIfThere(dir_fd, Join(path, "memory.high"), &files.high, &refused) ||
      !OpenIfThere(dir_fd, Join(path, "memory.swap.current"), &files.swap_current, &refused) ||
      !OpenIfThere(dir_fd, Join(path, "memory.swap.high"), &files.swap_high, &refused)) {
    ThrowSystemError(env, refused);
    return env.Undefined();
  }
  Meter meter;
  if (kills && !OpenKillDirectory(env, kill_dir_fd, kill_path, &meter)) return env.Undefined();
  meter.gauge = std::make_unique<StallGauge>(std::move(files), limit_us);
  return Start(env, std::move(meter), Join(path, "memory.stat"));
}

Napi::Value MakeReading(Napi::Env env, const std::optional<Meters::Reading>& reading) {
  if (!reading) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  SetReading(object, *reading);
  object.Set("mostUs", static_cast<double>(reading->most_us));
  object.Set("times", static_cast<double>(reading->times));
  object.Set("kills", static_cast<double>(reading->kills));
  object.Set("isReached", reading->is_reached);
  return object;
}

Napi::Value ReadMeter(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int64_t id = options.Count("id");
  if (!options.ok()) return info.Env().Undefined();
  return MakeReading(info.Env(), Instance::Of(info.Env()).watcher.meters().Read(id));
}

Napi::Value StopMeter(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int64_t id = options.Count("id");
  if (!options.ok()) return info.Env().Undefined();
  return MakeReading(info.Env(), Instance::Of(info.Env()).watcher.meters().Stop(id));
}

}  // namespace

void RegisterMeters(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("startMeter", Napi::Function::New(env, StartMeter, "startMeter"));
  exports.Set("startStallMeter", Napi::Function::New(env, StartStallMeter, "startStallMeter"));
  exports.Set("readMeter", Napi::Function::New(env, ReadMeter, "readMeter"));
  exports.Set("stopMeter", Napi::Function::New(env, StopMeter, "stopMeter"));
}

}  // namespace memcage

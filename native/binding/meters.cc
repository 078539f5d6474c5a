#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "binding/bindings.h"
#include "binding/function.h"
#include "binding/instance.h"
#include "cgroup/files.h"
#include "watch/stall_gauge.h"
#include "watch/time_gauge.h"

namespace memcage {

template <>
struct NamesOf<cgroup::TimeFile> {
  static constexpr Named<cgroup::TimeFile> kAll[] = {
      {"cpu.stat", cgroup::TimeFile::kCpuStat},
      {"cpuacct.usage", cgroup::TimeFile::kCpuacctUsage},
  };
};

/** The options of startStallMeter(). */
struct StallMeterOptions {
  int dir_fd = -1;
  std::string path;
  int time_dir_fd = -1;
  std::string time_path;
  cgroup::TimeFile time_file{};
  int pressure_dir_fd = -1;
  std::string pressure_path;
  bool kills = false;
  int kill_dir_fd = -1;
  std::string kill_path;
  int64_t limit_us = 0;
};

template <typename Reader>
void ReadOptions(Reader& reader, StallMeterOptions* options) {
  reader.Read("dirFd", &options->dir_fd);
  reader.Read("path", &options->path);
  reader.Read("timeDirFd", &options->time_dir_fd);
  reader.Read("timePath", &options->time_path);
  reader.Read("timeFile", &options->time_file);
  reader.Read("pressureDirFd", &options->pressure_dir_fd);
  reader.Read("pressurePath", &options->pressure_path);
  reader.Read("kills", &options->kills);
  reader.Read("killDirFd", &options->kill_dir_fd);
  reader.Read("killPath", &options->kill_path);
  reader.Read("limitUs", &options->limit_us);
}

Napi::Value ToJs(Napi::Env env, const Meters::Reading& reading) {
  Napi::Object object = Napi::Object::New(env);
  SetReading(object, reading);
  object.Set("mostUs", static_cast<double>(reading.most_us));
  object.Set("times", static_cast<double>(reading.times));
  object.Set("kills", static_cast<double>(reading.kills));
  object.Set("isReached", reading.is_reached);
  return object;
}

namespace {

std::string Join(const std::string& path, const std::string& file) { return path.empty() ? file : path + "/" + file; }

/** @param read_path the file that the meter reads, for its error */
Expected<double> Start(Napi::Env env, Meter meter, const std::string& read_path) {
  const Expected<Watcher*> watcher = RunningWatcher(env);
  if (!watcher) return watcher.error();
  const int64_t id = (*watcher)->StartMeter(std::move(meter));
  if (id < 0) return Refusal{static_cast<int>(id), "pread", read_path};
  return static_cast<double>(id);
}

/** Opens files one after another, until one can't be. */
class Opening {
 public:
  [[nodiscard]] const Expected<>& result() const { return result_; }
  void Open(int dir_fd, const std::string& path, int flags, UniqueFd* fd) {
    if (!result_) return;
    Expected<UniqueFd> opened = cgroup::Open(dir_fd, path, flags);
    if (opened) {
      *fd = std::move(*opened);
    } else {
      result_ = opened.error();
    }
  }
  void OpenFile(int dir_fd, const std::string& path, UniqueFd* fd) { Open(dir_fd, path, O_RDONLY, fd); }
  /** A file that not every kernel has is left closed if it is lacking. */
  void OpenIfThere(int dir_fd, const std::string& path, UniqueFd* fd) {
    if (!result_) return;
    OpenFile(dir_fd, path, fd);
    if (!result_ && result_.error().error == -ENOENT) result_ = {};
  }
  /** A directory whose files are opened later. */
  void OpenPath(int dir_fd, const std::string& path, UniqueFd* fd) { Open(dir_fd, path, O_PATH | O_DIRECTORY, fd); }
  /** A directory in which a meter kills. */
  void OpenDirectory(int dir_fd, const std::string& path, UniqueFd* fd) {
    Open(dir_fd, path, O_RDONLY | O_DIRECTORY, fd);
  }

 private:
  Expected<> result_;
};

Expected<double> StartMeter(Napi::Env env, int dir_fd, const std::string& path, cgroup::TimeFile file, int kill_dir_fd,
                            const std::string& kill_path, int64_t limit_us) {
  const std::string time_path = Join(path, file == cgroup::TimeFile::kCpuStat ? "cpu.stat" : "cpuacct.usage");
  Opening opening;
  UniqueFd time;
  Meter meter;
  opening.OpenFile(dir_fd, time_path, &time);
  opening.OpenDirectory(kill_dir_fd, kill_path, &meter.kill_dir);
  if (!opening.result()) return opening.result().error();
  meter.gauge = std::make_unique<TimeGauge>(std::move(time), file, limit_us);
  return Start(env, std::move(meter), time_path);
}

Expected<double> StartStallMeter(Napi::Env env, const StallMeterOptions& options) {
  const auto file = [&](const char* name) { return Join(options.path, name); };
  const char* const shares = options.time_file == cgroup::TimeFile::kCpuStat ? "cpu.stat" : "cpuacct.stat";
  cgroup::StallFiles files;
  files.time_file = options.time_file;
  Opening opening;
  opening.OpenFile(options.dir_fd, file("memory.stat"), &files.stat);
  opening.OpenFile(options.time_dir_fd, Join(options.time_path, shares), &files.time);
  opening.OpenPath(options.pressure_dir_fd, options.pressure_path, &files.pressure_dir);
  if (opening.result() && !cgroup::OpenStallPressure(&files)) files.pressure_dir.Reset();
  // memory.oom_control tells that processes wait for memory, on v1 alone.
  UniqueFd oom_control;
  opening.OpenIfThere(options.dir_fd, file("memory.oom_control"), &oom_control);
  if (oom_control.valid()) {
    opening.OpenPath(options.dir_fd, options.path, &files.memory_dir);
    opening.OpenPath(options.kill_dir_fd, options.kill_path, &files.freezer_dir);
  }
  opening.OpenIfThere(options.dir_fd, file("memory.current"), &files.current);
  opening.OpenIfThere(options.dir_fd, file("memory.high"), &files.high);
  opening.OpenIfThere(options.dir_fd, file("memory.swap.current"), &files.swap_current);
  opening.OpenIfThere(options.dir_fd, file("memory.swap.high"), &files.swap_high);
  Meter meter;
  if (options.kills) opening.OpenDirectory(options.kill_dir_fd, options.kill_path, &meter.kill_dir);
  if (!opening.result()) return opening.result().error();
  meter.gauge = std::make_unique<StallGauge>(std::move(files), options.limit_us);
  return Start(env, std::move(meter), file("memory.stat"));
}

/** Empty: there is no such meter. */
std::optional<Meters::Reading> ReadMeter(Napi::Env env, int64_t id) {
  return Instance::Of(env).watcher.meters().Read(id);
}

std::optional<Meters::Reading> StopMeter(Napi::Env env, int64_t id) {
  return Instance::Of(env).watcher.meters().Stop(id);
}

}  // namespace

void RegisterMeters(Napi::Object exports) {
  Add<StartMeter, "dirFd", "path", "file", "killDirFd", "killPath", "limitUs">(exports, "startMeter");
  Add<StartStallMeter>(exports, "startStallMeter");
  Add<ReadMeter, "id">(exports, "readMeter");
  Add<StopMeter, "id">(exports, "stopMeter");
}

}  // namespace memcage

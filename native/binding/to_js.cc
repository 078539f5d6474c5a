#include "binding/to_js.h"

#include <csignal>
#include <cstdint>

#include "binding/instance.h"
#include "binding/throw.h"

namespace memcage {
namespace {

int64_t Microseconds(const timeval& time) { return static_cast<int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec; }

}  // namespace

Napi::Value ToJs(Napi::Env env, UniqueFd fd) { return ToJs(env, Instance::Of(env).HandOut(std::move(fd))); }

Napi::Value ToJs(Napi::Env env, const CloneFailure& failure) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("stage", kStageNames[static_cast<int>(failure.stage)]);
  object.Set("errno", failure.error);
  object.Set("path", failure.path);
  if (!failure.output.empty()) object.Set("output", failure.output);
  if (!failure.syscall.empty()) object.Set("syscall", failure.syscall);
  return object;
}

void SetExit(Napi::Object object, const ChildExit& exit) {
  Napi::Env env = object.Env();
  const bool exited = exit.error == 0 && exit.code == CLD_EXITED;
  const bool killed = exit.error == 0 && exit.code != CLD_EXITED;
  object.Set("timeNs", static_cast<double>(exit.time_ns));
  object.Set("exitCode", exited ? Napi::Value(Napi::Number::New(env, exit.status)) : env.Null());
  object.Set("signal", killed ? Napi::Value(Napi::Number::New(env, exit.status)) : env.Null());
  object.Set("errno", exit.error);
  Napi::Object usage = Napi::Object::New(env);
  usage.Set("userUs", static_cast<double>(Microseconds(exit.usage.ru_utime)));
  usage.Set("systemUs", static_cast<double>(Microseconds(exit.usage.ru_stime)));
  // Leave out ru_maxrss: before exec a CLONE_VM child has the parent's memory, and reports that as its maximum.
  usage.Set("minorFaults", static_cast<double>(exit.usage.ru_minflt));
  usage.Set("majorFaults", static_cast<double>(exit.usage.ru_majflt));
  object.Set("usage", usage);
}

void SetReading(Napi::Object object, const Meters::Reading& reading) {
  object.Set("valueUs", static_cast<double>(reading.value_us));
  if (reading.sign != StallSign::kNone) object.Set("toldBy", SignName(reading.sign));
  if (reading.refused.error != 0) object.Set("refused", MakeSystemError(object.Env(), reading.refused).Value());
}

}  // namespace memcage

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/to_js.h"
#include "watch/wait_with_pipes.h"

namespace memcage {
namespace {

/** A deadline beyond the clock's range never comes. */
int64_t DeadlineOf(std::optional<double> ns) {
  constexpr double kNever = 9e18;
  return ns && *ns < kNever ? static_cast<int64_t>(*ns) : -1;
}

/** `input`: what is to be written to it. */
ChildPipe ReadPipe(ArgumentReader& whole, Napi::Object object, TypedArray<uint8_t>* input) {
  ArgumentReader options(whole, object);
  ChildPipe pipe;
  pipe.fd = options.Int("fd");
  pipe.reads = options.Bool("reads");
  pipe.writes = options.Bool("writes");
  if (pipe.writes) *input = options.OptionalBytes("input").value_or(TypedArray<uint8_t>());
  return pipe;
}

napi_value OutputOf(Napi::Env env, const ChildPipe& pipe) {
  Napi::Buffer<uint8_t> buffer = Napi::Buffer<uint8_t>::New(env, pipe.OutputLength());
  if (env.IsExceptionPending()) return env.Null();
  uint8_t* to = buffer.Data();
  for (const std::vector<uint8_t>& piece : pipe.output) to = std::copy(piece.begin(), piece.end(), to);
  return buffer;
}

Napi::Value Attend(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  PipedWait wait;
  wait.pidfd = options.Int("pidfd");
  wait.deadline_ns = DeadlineOf(options.OptionalAmount("deadlineNs"));
  wait.max_bytes = options.OptionalAmount("maxBytes").value_or(0);
  wait.kill_signal = options.Int("killSignal");
  std::vector<bool> collects;
  std::vector<TypedArray<uint8_t>> inputs;
  for (Napi::Object object : options.Objects("pipes")) {
    wait.pipes.push_back(ReadPipe(options, object, &inputs.emplace_back()));
    collects.push_back(wait.pipes.back().reads);
  }
  if (!options.ok()) return env.Undefined();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::span<uint8_t> input = inputs[i].Elements();
    wait.pipes[i].input = input.data();
    wait.pipes[i].input_length = input.size();
  }
  WaitWithPipes(&wait);
  Napi::Object result = Napi::Object::New(env);
  SetExit(result, wait.exit);
  result.Set("error", wait.error);
  Napi::Array output = Napi::Array::New(env, wait.pipes.size());
  for (uint32_t i = 0; i < wait.pipes.size(); ++i) {
    output.Set(i, collects[i] ? OutputOf(env, wait.pipes[i]) : static_cast<napi_value>(env.Null()));
    if (env.IsExceptionPending()) return env.Undefined();
  }
  result.Set("output", output);
  return result;
}

}  // namespace

void RegisterAttend(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("attend", Napi::Function::New(env, Attend, "attend"));
}

}  // namespace memcage

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "binding/bindings.h"
#include "binding/function.h"
#include "watch/wait_with_pipes.h"

namespace memcage {

struct AttendedPipe {
  ChildPipe pipe;
  /** What is to be written to it. */
  TypedArray<uint8_t> input;
};

void ReadOptions(Options& options, AttendedPipe* attended) {
  options.Read("fd", &attended->pipe.fd);
  options.Read("reads", &attended->pipe.reads);
  options.Read("writes", &attended->pipe.writes);
  if (attended->pipe.writes) options.ReadIfGiven("input", &attended->input);
}

namespace {

/** A deadline beyond the clock's range never comes. */
int64_t DeadlineOf(std::optional<double> ns) {
  constexpr double kNever = 9e18;
  return ns && *ns < kNever ? static_cast<int64_t>(*ns) : -1;
}

napi_value OutputOf(Napi::Env env, const ChildPipe& pipe) {
  Napi::Buffer<uint8_t> buffer = Napi::Buffer<uint8_t>::New(env, pipe.OutputLength());
  if (env.IsExceptionPending()) return env.Null();
  uint8_t* to = buffer.Data();
  for (const std::vector<uint8_t>& piece : pipe.output) to = std::copy(piece.begin(), piece.end(), to);
  return buffer;
}

Napi::Value Attend(Napi::Env env, int pidfd, std::optional<double> deadline_ns, std::optional<double> max_bytes,
                   int kill_signal, std::vector<AttendedPipe>& pipes) {
  PipedWait wait;
  wait.pidfd = pidfd;
  wait.deadline_ns = DeadlineOf(deadline_ns);
  wait.max_bytes = max_bytes.value_or(0);
  wait.kill_signal = kill_signal;
  for (const AttendedPipe& attended : pipes) {
    const std::span<uint8_t> input = attended.input.Elements();
    ChildPipe& pipe = wait.pipes.emplace_back(attended.pipe);
    pipe.input = input.data();
    pipe.input_length = input.size();
  }
  WaitWithPipes(&wait);

  Napi::Object result = Napi::Object::New(env);
  SetExit(result, wait.exit);
  result.Set("error", wait.error);
  Napi::Array output = Napi::Array::New(env, wait.pipes.size());
  for (uint32_t i = 0; i < wait.pipes.size(); ++i) {
    output.Set(i, pipes[i].pipe.reads ? OutputOf(env, wait.pipes[i]) : static_cast<napi_value>(env.Null()));
    if (env.IsExceptionPending()) return env.Undefined();
  }
  result.Set("output", output);
  return result;
}

}  // namespace

void RegisterAttend(Napi::Object exports) {
  Add<Attend, "pidfd", "deadlineNs", "maxBytes", "killSignal", "pipes">(exports, "attend");
}

}  // namespace memcage

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/throw.h"
#include "sys/clock.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

Napi::Value EventfdOpen(const Napi::CallbackInfo& info) {
  UniqueFd fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) {
    ThrowSystemError(info.Env(), {sys::NegativeErrno(), "eventfd", {}});
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), Instance::Of(info.Env()).HandOut(std::move(fd)));
}

Napi::Value EventfdRead(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (!options.ok()) return info.Env().Undefined();
  uint64_t count = 0;
  ssize_t got = 0;
  do {
    got = read(fd, &count, sizeof(count));
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno != EAGAIN) {
    ThrowSystemError(info.Env(), {sys::NegativeErrno(), "read", {}});
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

Napi::Value SocketPair(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
    ThrowSystemError(env, {sys::NegativeErrno(), "socketpair", {}});
    return env.Undefined();
  }
  const int flags = fcntl(fds[0], F_GETFL);
  fcntl(fds[0], F_SETFL, flags | O_NONBLOCK);
  Instance& instance = Instance::Of(env);
  Napi::Array pair = Napi::Array::New(env, 2);
  for (uint32_t end = 0; end < 2; ++end) pair.Set(end, instance.HandOut(UniqueFd(fds[end])));
  return pair;
}

void GiveFdAway(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (options.ok()) Instance::Of(info.Env()).GiveAway(fd);
}

Napi::Value WaitReadable(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  pollfd watched{};
  watched.fd = options.Int("fd");
  watched.events = POLLIN;
  const int timeout_ms = options.Int("timeoutMs");
  if (!options.ok()) return info.Env().Undefined();
  const int64_t deadline = sys::MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
  for (;;) {
    const int64_t left_ms = (deadline - sys::MonotonicNs()) / 1'000'000;
    const int ready = poll(&watched, 1, left_ms > 0 ? static_cast<int>(left_ms) : 0);
    if (ready >= 0) return Napi::Boolean::New(info.Env(), ready > 0);
    if (errno == EINTR) continue;
    ThrowSystemError(info.Env(), {sys::NegativeErrno(), "poll", {}});
    return info.Env().Undefined();
  }
}

void CloseFd(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (options.ok()) Instance::Of(info.Env()).Close(fd);
}

/** Closes an fd on a thread of libuv's pool. It deletes itself when it is done. */
class CloseWorker : public Napi::AsyncWorker {
 public:
  static Napi::Promise Start(Napi::Env env, UniqueFd fd) {
    auto* worker = new CloseWorker(env, std::move(fd));
    Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 protected:
  void Execute() override { fd_.Reset(); }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }

 private:
  CloseWorker(Napi::Env env, UniqueFd fd)
      : Napi::AsyncWorker(env, "memcage.close"), deferred_(Napi::Promise::Deferred::New(env)), fd_(std::move(fd)) {}

  Napi::Promise::Deferred deferred_;
  UniqueFd fd_;
};

Napi::Value CloseFdAsync(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (!options.ok()) return info.Env().Undefined();
  return CloseWorker::Start(info.Env(), Instance::Of(info.Env()).TakeBack(fd));
}

Napi::Value MonotonicNs(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(sys::MonotonicNs()));
}

}  // namespace

void RegisterFds(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("eventfdOpen", Napi::Function::New(env, EventfdOpen, "eventfdOpen"));
  exports.Set("eventfdRead", Napi::Function::New(env, EventfdRead, "eventfdRead"));
  exports.Set("socketPair", Napi::Function::New(env, SocketPair, "socketPair"));
  exports.Set("waitReadable", Napi::Function::New(env, WaitReadable, "waitReadable"));
  exports.Set("giveFdAway", Napi::Function::New(env, GiveFdAway, "giveFdAway"));
  exports.Set("closeFd", Napi::Function::New(env, CloseFd, "closeFd"));
  exports.Set("closeFdAsync", Napi::Function::New(env, CloseFdAsync, "closeFdAsync"));
  exports.Set("monotonicNs", Napi::Function::New(env, MonotonicNs, "monotonicNs"));
}

}  // namespace memcage

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "binding/bindings.h"
#include "binding/function.h"
#include "binding/instance.h"
#include "sys/clock.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

Expected<UniqueFd> EventfdOpen() {
  UniqueFd fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return Refusal{sys::NegativeErrno(), "eventfd"};
  return fd;
}

Expected<double> EventfdRead(int fd) {
  uint64_t count = 0;
  ssize_t got = 0;
  do {
    got = read(fd, &count, sizeof(count));
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno != EAGAIN) return Refusal{sys::NegativeErrno(), "read"};
  return static_cast<double>(count);
}

Expected<std::vector<int>> SocketPair(Napi::Env env) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
    return Refusal{sys::NegativeErrno(), "socketpair"};
  }
  const int flags = fcntl(fds[0], F_GETFL);
  fcntl(fds[0], F_SETFL, flags | O_NONBLOCK);
  Instance& instance = Instance::Of(env);
  return std::vector{instance.HandOut(UniqueFd(fds[0])), instance.HandOut(UniqueFd(fds[1]))};
}

/** What a call on a non-blocking socket returned; empty if it would have to wait. */
template <typename Call>
Expected<std::optional<double>> WithoutWaiting(const char* name, Call call) {
  ssize_t done = 0;
  do {
    done = call();
  } while (done < 0 && errno == EINTR);
  if (done >= 0) return std::optional<double>(static_cast<double>(done));
  if (errno == EAGAIN) return std::optional<double>();
  return Refusal{sys::NegativeErrno(), name};
}

Expected<std::optional<double>> SocketRead(int fd, const TypedArray<uint8_t>& buffer) {
  const std::span<uint8_t> into = buffer.Elements();
  return WithoutWaiting("recvfrom", [&] { return recv(fd, into.data(), into.size(), MSG_DONTWAIT); });
}

Expected<std::optional<double>> SocketWrite(int fd, const TypedArray<uint8_t>& data) {
  const std::span<uint8_t> from = data.Elements();
  // Not every runtime ignores SIGPIPE.
  return WithoutWaiting("sendto", [&] { return send(fd, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

Expected<> SocketEnd(int fd) {
  if (shutdown(fd, SHUT_WR) < 0) return Refusal{sys::NegativeErrno(), "shutdown"};
  return {};
}

Expected<bool> WaitReadable(int fd, int timeout_ms) {
  pollfd watched{fd, POLLIN, 0};
  const int64_t deadline = sys::MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
  for (;;) {
    const int64_t left_ms = (deadline - sys::MonotonicNs()) / 1'000'000;
    const int ready = poll(&watched, 1, left_ms > 0 ? static_cast<int>(left_ms) : 0);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return Refusal{sys::NegativeErrno(), "poll"};
  }
}

void GiveFdAway(Napi::Env env, int fd) { Instance::Of(env).GiveAway(fd); }

void CloseFd(Napi::Env env, int fd) { Instance::Of(env).Close(fd); }

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

Napi::Value CloseFdAsync(Napi::Env env, int fd) { return CloseWorker::Start(env, Instance::Of(env).TakeBack(fd)); }

double MonotonicNs() { return static_cast<double>(sys::MonotonicNs()); }

}  // namespace

void RegisterFds(Napi::Object exports) {
  Add<EventfdOpen>(exports, "eventfdOpen");
  Add<EventfdRead, "fd">(exports, "eventfdRead");
  Add<SocketPair>(exports, "socketPair");
  Add<SocketRead, "fd", "buffer">(exports, "socketRead");
  Add<SocketWrite, "fd", "data">(exports, "socketWrite");
  Add<SocketEnd, "fd">(exports, "socketEnd");
  Add<WaitReadable, "fd", "timeoutMs">(exports, "waitReadable");
  Add<GiveFdAway, "fd">(exports, "giveFdAway");
  Add<CloseFd, "fd">(exports, "closeFd");
  Add<CloseFdAsync, "fd">(exports, "closeFdAsync");
  Add<MonotonicNs>(exports, "monotonicNs");
}

}  // namespace memcage

#include "watch/wait_with_pipes.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "sys/clock.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

/** Node reads into pieces of this size. So, with a `maxBuffer`, the output includes all of the last piece. */
constexpr size_t kPiece = 65536;
/** How often one pipe is read before the others are. */
constexpr int kReadsInARow = 32;
constexpr short kBroken = POLLHUP | POLLERR | POLLNVAL;

class PipeServer {
 public:
  explicit PipeServer(PipedWait* wait) : wait_(*wait), polled_(wait->pipes.size() + 1) {}

  void Run() {
    while (Prepare()) {
      const int ready = Wait();
      if (ready < 0 && errno != EINTR) return GiveUp(sys::NegativeErrno());
      if (ready > 0) Serve();
      if (wait_.deadline_ns >= 0 && !stopped_ && sys::MonotonicNs() >= wait_.deadline_ns) Stop(-ETIMEDOUT);
    }
    wait_.error = error_ != 0 ? error_ : pipe_error_;
  }

 private:
  /** For when nothing can be waited for except the child's end. */
  void GiveUp(int error) {
    Stop(error);
    wait_.error = error_;
    if (exited_) return;
    sys::PidfdSendSignal(wait_.pidfd, SIGKILL);
    ReapChild(wait_.pidfd, 0, &wait_.exit);
  }

  /** Sets what to wait for. False if there is nothing. */
  bool Prepare() {
    bool busy = !exited_;
    polled_[0] = {exited_ ? -1 : wait_.pidfd, POLLIN, 0};
    for (size_t i = 0; i < wait_.pipes.size(); ++i) {
      const ChildPipe& pipe = wait_.pipes[i];
      const bool active = pipe.writes || pipe.reads;
      busy = busy || active;
      const int events = (pipe.writes ? POLLOUT : 0) | (pipe.reads ? POLLIN : 0);
      polled_[i + 1] = {active ? pipe.fd : -1, static_cast<short>(events), 0};
    }
    return busy;
  }

  int Wait() {
    const bool ends = wait_.deadline_ns >= 0 && !stopped_;
    timespec left{};
    if (ends) {
      const int64_t ns = std::max<int64_t>(wait_.deadline_ns - sys::MonotonicNs(), 0);
      left = {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    }
    return ppoll(polled_.data(), polled_.size(), ends ? &left : nullptr, nullptr);
  }

  void Serve() {
    for (size_t i = 0; i < wait_.pipes.size(); ++i) {
      ChildPipe& pipe = wait_.pipes[i];
      const short events = polled_[i + 1].revents;
      if (pipe.reads && (events & (POLLIN | kBroken)) != 0) Read(pipe);
      if (pipe.writes && (events & (POLLOUT | kBroken)) != 0) Write(pipe);
    }
    if (polled_[0].revents == 0) return;
    exited_ = ReapChild(wait_.pidfd, WNOHANG, &wait_.exit);
    // A tracer has not let it go yet. The pidfd stays readable, so don't spin.
    if (!exited_) usleep(1000);
  }

  void Read(ChildPipe& pipe) {
    for (int reads = 0; reads < kReadsInARow && pipe.reads; ++reads) {
      uint8_t buffer[kPiece];
      std::vector<std::vector<uint8_t>>& output = pipe.output;
      const size_t used = output.empty() || output.back().size() == kPiece ? 0 : output.back().size();
      const ssize_t count = read(pipe.fd, buffer, kPiece - used);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) {
        if (count < 0) PipeError(sys::NegativeErrno());
        pipe.reads = false;
        return;
      }
      if (used == 0) output.emplace_back();
      output.back().insert(output.back().end(), buffer, buffer + count);
      bytes_ += static_cast<double>(count);
      if (wait_.max_bytes > 0 && bytes_ > wait_.max_bytes) Stop(-ENOBUFS);
      if (static_cast<size_t>(count) < kPiece - used) return;
    }
  }

  void Write(ChildPipe& pipe) {
    while (pipe.input_length > 0) {
      const ssize_t count = send(pipe.fd, pipe.input, pipe.input_length, MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) {
        PipeError(sys::NegativeErrno());
        break;
      }
      pipe.input += count;
      pipe.input_length -= static_cast<size_t>(count);
    }
    pipe.writes = false;
    shutdown(pipe.fd, SHUT_WR);
  }

  /** Stops once. If the child has ended, only the pipes are shut down: processes that it left may hold them. */
  void Stop(int error) {
    if (error_ == 0) error_ = error;
    if (stopped_) return;
    stopped_ = true;
    if (!exited_) {
      const sys::Result refused = sys::PidfdSendSignal(wait_.pidfd, wait_.kill_signal);
      if (refused < 0 && refused != -ESRCH) sys::PidfdSendSignal(wait_.pidfd, SIGKILL);
    }
    for (ChildPipe& pipe : wait_.pipes) {
      pipe.reads = false;
      pipe.writes = false;
      shutdown(pipe.fd, SHUT_RDWR);
    }
  }

  void PipeError(int error) {
    if (pipe_error_ == 0) pipe_error_ = error;
  }

  PipedWait& wait_;
  std::vector<pollfd> polled_;
  bool exited_ = false;
  bool stopped_ = false;
  double bytes_ = 0;
  int error_ = 0;
  int pipe_error_ = 0;
};

}  // namespace

size_t ChildPipe::OutputLength() const {
  size_t length = 0;
  for (const std::vector<uint8_t>& piece : output) length += piece.size();
  return length;
}

void WaitWithPipes(PipedWait* wait) { PipeServer(wait).Run(); }

}  // namespace memcage

#include "starter/client.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "clone/exec_paths.h"
#include "clone/watchdog.h"
#include "sys/call_names.h"
#include "sys/clock.h"
#include "sys/memory.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

using starter::ChildOrder;
using starter::Header;
using starter::Page;

/** From a cold file system, a program may take seconds to load; nothing sane takes longer. */
constexpr int kLoadMs = 10'000;
/** A start takes well below a millisecond. One that is still under way after this time is really stuck. */
constexpr int kLookMs = 20;
/** For a starter to do what takes it no time. If it doesn't, somebody has stopped or traced it. */
constexpr int kIdleMs = 1000;
constexpr int64_t kMillisecond = 1'000'000;

CloneFailure Refused(const char* syscall) { return {Stage::kClone, sys::NegativeErrno(), syscall, {}, syscall}; }

/** Replaces each fd of the order by its place in the list. */
std::vector<int> TakeFds(ChildOrder* order, Memory& memory) {
  // What `start` points to stays as it is.
  order->plan.stdio = memory.Keep(order->plan.stdio);
  order->plan.join_fds = memory.Keep(order->plan.join_fds);
  std::vector<int> fds;
  starter::ForEachFd(order, [&](int* fd) {
    if (*fd < 0) return;
    fds.push_back(*fd);
    *fd = static_cast<int>(fds.size()) - 1;
  });
  return fds;
}

/** As the child would tell of an fd that is none. */
CloneFailure NoFd(const SpawnPlan& plan) {
  const auto is_none = [](int fd) { return fd >= 0 && fcntl(fd, F_GETFD) < 0; };
  for (const int fd : plan.stdio) {
    if (is_none(fd)) return {Stage::kStdio, -EBADF, "fd " + std::to_string(fd), {}, "dup3"};
  }
  for (const int fd : plan.join_fds) {
    if (is_none(fd)) return {Stage::kCgroup, -EBADF, "fd " + std::to_string(fd), {}, "write"};
  }
  return {Stage::kClone, -EBADF, {}, {}, "clone3"};
}

/** Whether such an error of a send says that nobody reads any more. */
bool IsDeaf(int error) { return error == -EPIPE || error == -ECONNRESET || error == -EAGAIN; }

/** Sends all, with fds at the first byte. Returns 0 or a negative errno. */
int SendAll(int socket, iovec part, std::span<const int> fds) {
  alignas(cmsghdr) char control[CMSG_SPACE(starter::kMostFds * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  while (part.iov_len > 0) {
    const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return sys::NegativeErrno();
    if (sent < 0) continue;
    part.iov_base = static_cast<char*>(part.iov_base) + sent;
    part.iov_len -= static_cast<size_t>(sent);
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
  return 0;
}

bool ReadOwnCapabilities(starter::Capabilities* own) {
  *own = {};
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  static_assert(sizeof(own->sets) == 2 * sizeof(__user_cap_data_struct));
  if (syscall(SYS_capget, &header, own->sets) < 0) return false;
  for (int capability = 0; capability < starter::kMostCapabilities; ++capability) {
    const bool is_ambient = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1;
    own->ambient |= uint64_t{is_ambient} << capability;
  }
  return true;
}

/** A child of this thread is known by its pid until it is reaped. That needs no fd, of which none may be left. */
void Reap(pid_t child) {
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | __WALL) < 0 && errno == EINTR) {
  }
}

}  // namespace

Expected<pid_t, CloneFailure> Starter::Start(ChildStart& start, const std::vector<IdMapProgram>& id_map_programs,
                                             Memory* memory, const std::string& executable, UniqueFd* pidfd) {
  SpawnPlan& plan = start.plan;
  plan.candidates = ExecCandidates(*memory, plan.file, plan.envp);
  plan.shell_argv = ShellArguments(*memory, plan.argv);
  plan.new_cgroup_namespace = (start.namespaces & CLONE_NEWCGROUP) != 0;
  IdMapper id_mapper;
  const int refused = id_map_programs.empty() ? 0 : id_mapper.Open();
  if (refused < 0) return CloneFailure{Stage::kIdMaps, refused, {}, {}, "socketpair"};
  plan.id_mapper_fd = id_mapper.child_end();
  ChildOrder* order = memory->Allocate<ChildOrder>(1);
  *order = {plan, start.is_copy, start.namespaces, start.into_cgroup_fd};
  const std::vector<int> fds = TakeFds(order, *memory);
  // What does not fit, exec would refuse too.
  if (!memory->IsWithin()) return CloneFailure{Stage::kExec, -E2BIG, plan.file, {}, "execve"};

  // A program must not start that nobody could watch for want of an fd.
  UniqueFd place(eventfd(0, EFD_CLOEXEC));
  if (!place.valid()) return CloneFailure{Stage::kClone, sys::NegativeErrno(), "pidfd_open", {}, "pidfd_open"};
  bool was_killed = false;
  bool has_answer = false;
  // Somebody may kill or stop the starter. If it has done nothing by then, another one does.
  for (int left = 2; left > 0 && !has_answer; --left) {
    if (std::optional<CloneFailure> failure = Ensure(executable)) return *failure;
    page_->pid = 0;
    page_->error = 0;
    page_->has_begun = 0;
    const int sent = Send(memory->arena(), *order, fds);
    const bool has_replied = sent == 0 && Await(start, id_map_programs, &id_mapper, &was_killed);
    if (sent == -EBADF) {
      // The first message was refused as a whole. If there are more, the starter waits for the rest.
      if (fds.size() > starter::kMostFds) End();
      return NoFd(plan);
    }
    // Once it is dead, what the page says is final.
    if (!has_replied) End();
    if (sent < 0 && !IsDeaf(sent)) return CloneFailure{Stage::kClone, sent, starter::kProgramName, {}, "sendmsg"};
    has_answer = Pid() != 0 || page_->error != 0;
  }

  if (!has_answer) return CloneFailure{Stage::kClone, -EAGAIN, starter::kProgramName, {}, {}};
  if (Pid() == 0) return Failure(fds);
  const bool is_born_dead = page_->has_begun == 0 && start.into_cgroup_fd >= 0;
  if (!was_killed && !is_born_dead && page_->error == 0) {
    // Without a reply the child has become its program all the same, or was killed with the starter, as if after exec.
    place.Reset();
    *pidfd = UniqueFd(sys::PidfdOpen(Pid()));
    if (pidfd->valid()) return Pid();
    // Another thread has taken the fd. Nobody else waits for the child, so its pid is still its own.
    kill(Pid(), SIGKILL);
  }
  Reap(Pid());
  if (page_->error == 0 && was_killed) return CloneFailure{Stage::kWatchdog, -ETIMEDOUT, plan.file};
  if (page_->error == 0 && is_born_dead) return BornDead();
  if (page_->error == 0) return CloneFailure{Stage::kClone, pidfd->get(), "pidfd_open", {}, "pidfd_open"};
  if (static_cast<Stage>(page_->stage) == Stage::kIdMaps && id_mapper.error() != 0) {
    return CloneFailure{Stage::kIdMaps, id_mapper.error(), id_mapper.subject(), id_mapper.output(),
                        id_mapper.syscall()};
  }
  return Failure(fds);
}

Starter::~Starter() {
  End();
  Unmap();
}

std::optional<CloneFailure> Starter::Ensure(const std::string& executable) {
  Likeness likeness = Likeness::Now(&files_);
  if (socket_.valid() && likeness == likeness_) return std::nullopt;
  End();
  likeness_ = std::move(likeness);
  return Make(executable);
}

std::optional<CloneFailure> Starter::Make(const std::string& executable) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return Refused("socketpair");
  UniqueFd ours(ends[0]);
  const UniqueFd its(ends[1]);
  // One that is stopped reads nothing, and a large environment is more than the socket holds.
  const timeval patience{kIdleMs / 1000, 0};
  if (setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0) return Refused("setsockopt");
  const UniqueFd memory(memfd_create(starter::kProgramName, MFD_CLOEXEC));
  if (!memory.valid()) return Refused("memfd_create");
  if (ftruncate(memory.get(), sizeof(Page)) < 0) return Refused("ftruncate");
  Unmap();
  void* page = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (page == MAP_FAILED) return Refused("mmap");
  page_ = static_cast<Page*>(page);
  if (!ReadOwnCapabilities(&page_->capabilities)) return Refused("capget");
  const int self = own_->SelfPidfd();
  if (self < 0) return CloneFailure{Stage::kClone, self, "pidfd_open", {}, "pidfd_open"};

  std::string words[] = {starter::kProgramName, starter::kLauncherVersion,
                         starter::kArgument + std::to_string(getpid())};
  char* const argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  char* const envp[] = {nullptr};
  const int stdio[] = {-1, -1, -1, its.get(), memory.get(), self};
  static_assert(starter::kSocketFd == 3 && starter::kPageFd == 4 && starter::kProcessFd == 5 && starter::kFdCount == 6);
  ChildStart start;
  start.plan.file = executable.c_str();
  start.plan.argv = argv;
  start.plan.envp = envp;
  start.plan.stdio = stdio;
  start.plan.kill_with_parent = true;
  start.plan.hold_signals = true;
  start.plan.keep_capabilities = true;
  start.shares_fs = true;
  start.watchdog_ms = kLoadMs;
  const Expected<pid_t, CloneFailure> started = own_->Start(start, &pidfd_);
  if (!started) return started.error();
  pid_ = *started;
  socket_ = std::move(ours);
  return std::nullopt;
}

void Starter::End() {
  if (!socket_.valid()) return;
  socket_.Reset();
  sys::PidfdSendSignal(pidfd_.get(), SIGKILL);
  // Its tracer may hold it for ever: as dead, in which it clones nothing any more, or at its end.
  pollfd ended{pidfd_.get(), POLLIN, 0};
  while (poll(&ended, 1, kIdleMs) < 0) {
  }
  siginfo_t info{};
  sys::WaitPidfd(pidfd_.get(), &info, WEXITED | WNOHANG, nullptr);
  pidfd_.Reset();
}

void Starter::Unmap() {
  if (page_ != nullptr) munmap(page_, sizeof(Page));
  page_ = nullptr;
}

int Starter::Send(const Arena& arena, const ChildOrder& order, const std::vector<int>& fds) {
  Header header{arena.base(), arena.used(), const_cast<ChildOrder*>(&order), static_cast<uint32_t>(fds.size())};
  std::span<const int> left(fds);
  std::span<const int> first = left.first(std::min(left.size(), starter::kMostFds));
  if (const int error = SendAll(socket_.get(), {&header, sizeof(header)}, first); error < 0) return error;
  for (left = left.subspan(first.size()); !left.empty(); left = left.subspan(first.size())) {
    first = left.first(std::min(left.size(), starter::kMostFds));
    char byte = 0;
    if (const int error = SendAll(socket_.get(), {&byte, 1}, first); error < 0) return error;
  }
  return SendAll(socket_.get(), {arena.base(), arena.used()}, {});
}

bool Starter::Await(const ChildStart& start, const std::vector<IdMapProgram>& id_map_programs, IdMapper* id_mapper,
                    bool* was_killed) {
  const int64_t begun_ns = sys::MonotonicNs();
  const int64_t deadline_ns = begun_ns + start.watchdog_ms * kMillisecond;
  int64_t killed_ms = -1;
  pollfd fds[] = {{socket_.get(), POLLIN, 0}, {id_mapper->parent_end(), POLLIN, 0}};
  while (fds[0].revents == 0) {
    const int ready = poll(fds, 2, kLookMs);
    if (ready > 0 && fds[0].revents == 0) {
      // Once, also if the child goes on without.
      fds[1].fd = -1;
      if (id_mapper->Answer(id_map_programs, Pid(), socket_.get(), deadline_ns)) continue;
    }
    if (ready < 0 || fds[0].revents != 0) continue;
    const int64_t waited_ms = (sys::MonotonicNs() - begun_ns) / kMillisecond;
    if (waited_ms >= kIdleMs) sys::PidfdSendSignal(pidfd_.get(), SIGCONT);
    const bool is_frozen = Pid() != 0 && IsFrozen(start.into_cgroup_fd, start.thaw_fd) && IsSuspended(pid_);
    if (Pid() == 0 && waited_ms >= 2 * kIdleMs) return false;
    if (killed_ms >= 0 && waited_ms >= killed_ms + 2 * kIdleMs) return false;
    if (Pid() == 0 || (waited_ms < start.watchdog_ms && !is_frozen)) continue;
    *was_killed = kill(Pid(), SIGKILL) == 0;
    Thaw(start.thaw_fd);
    if (killed_ms < 0) killed_ms = waited_ms;
  }
  char byte = 0;
  ssize_t length = 0;
  while ((length = recv(socket_.get(), &byte, 1, 0)) < 0 && errno == EINTR) {
  }
  return length == 1;
}

pid_t Starter::Pid() const { return page_ == nullptr ? 0 : __atomic_load_n(&page_->pid, __ATOMIC_ACQUIRE); }

CloneFailure Starter::Failure(const std::vector<int>& fds) const {
  const std::string subject =
      page_->fd < 0 ? std::string(page_->subject) : "fd " + std::to_string(fds[static_cast<size_t>(page_->fd)]);
  return {static_cast<Stage>(page_->stage), page_->error, subject, {}, sys::CallName(page_->call)};
}

}  // namespace memcage

#include "starter/client.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "clone/exec_paths.h"
#include "sys/call_names.h"
#include "sys/memory.h"
#include "sys/syscalls.h"

namespace memcage {

using starter::Header;
using starter::StartOrder;
using starter::Reply;

std::optional<CloneFailure> Starter::Ensure(const std::string& launcher) {
  if (socket_.valid()) return std::nullopt;
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) return CloneFailure{Stage::kClone, -errno, "socketpair", {}, "socketpair"};
  UniqueFd ours(fds[0]);
  UniqueFd its(fds[1]);
  UniqueFd memory(memfd_create("memcage", MFD_CLOEXEC));
  if (!memory.valid() || ftruncate(memory.get(), 4096) < 0) return CloneFailure{Stage::kClone, -errno, "memfd", {}, "memfd_create"};
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  page_ = static_cast<starter::Page*>(page);
  const int self = own_->SelfPidfd();
  std::string words[] = {starter::kProgramName, "1", starter::kArgument + std::to_string(getpid())};
  char* const argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  char* const envp[] = {nullptr};
  const int stdio[] = {-1, -1, -1, its.get(), memory.get(), self};
  ChildStart start;
  start.plan.file = launcher.c_str();
  start.plan.argv = argv;
  start.plan.envp = envp;
  start.plan.stdio = stdio;
  start.plan.shares_memory = true;
  start.plan.kill_with_parent = true;
  start.plan.hold_signals = true;
  start.shares_fs = true;
  start.watchdog_ms = 10000;
  const Expected<pid_t, CloneFailure> started = own_->Start(start, &pidfd_);
  if (!started) return started.error();
  socket_ = std::move(ours);
  return std::nullopt;
}

Expected<pid_t, CloneFailure> Starter::Start(ChildStart& start, const std::string& launcher, UniqueFd* pidfd) {
  if (std::optional<CloneFailure> failure = Ensure(launcher)) return *failure;
  Memory memory;
  SpawnPlan& plan = start.plan;
  plan.candidates = ExecCandidates(memory, plan.file, plan.envp);
  plan.shell_argv = ShellArguments(memory, plan.argv);
  plan.shell_argv[0] = memory.Keep(std::string_view("/bin/sh"));
  plan.new_cgroup_namespace = (start.namespaces & CLONE_NEWCGROUP) != 0;
  StartOrder* order = memory.Allocate<StartOrder>(1);
  *order = {plan, start.namespaces, start.into_cgroup_fd};
  // The numbers in these arrays become others.
  order->plan.stdio = memory.Keep(std::vector<int>(plan.stdio.begin(), plan.stdio.end()));
  order->plan.join_fds = memory.Keep(std::vector<int>(plan.join_fds.begin(), plan.join_fds.end()));
  std::vector<int> fds;
  starter::ForEachFd(*order, [&](int& fd) {
    if (fd < 0) return;
    fds.push_back(fd);
    fd = static_cast<int>(fds.size()) - 1;
  });
  Arena& arena = Arena::OfThread();
  Header header{arena.base(), Arena::kSize, arena.used(), order, static_cast<int32_t>(fds.size())};
  iovec parts[] = {{&header, sizeof(header)}, {arena.base(), arena.used()}};
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
  }
  page_->pid = 0;
  const ssize_t sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  if (sent < 0) return CloneFailure{Stage::kClone, -errno, "sendmsg", {}, "sendmsg"};
  for (size_t at = static_cast<size_t>(sent) - sizeof(header); at < arena.used();) {
    const ssize_t more = send(socket_.get(), arena.base() + at, arena.used() - at, MSG_NOSIGNAL);
    if (more < 0) return CloneFailure{Stage::kClone, -errno, "send", {}, "sendto"};
    at += static_cast<size_t>(more);
  }
  Reply reply{};
  ssize_t length = 0;
  do {
    length = recv(socket_.get(), &reply, sizeof(reply), MSG_WAITALL);
  } while (length < 0 && errno == EINTR);
  if (length != sizeof(reply)) {
    socket_.Reset();
    return CloneFailure{Stage::kClone, -ESRCH, "starter", {}, "recvfrom"};
  }
  std::string subject(reply.length, '\0');
  if (reply.length > 0 && recv(socket_.get(), subject.data(), reply.length, MSG_WAITALL) < 0) return CloneFailure{Stage::kClone, -errno, "recv", {}, "recvfrom"};
  if (page_->pid != 0) {
    *pidfd = UniqueFd(sys::PidfdOpen(page_->pid));
    if (reply.error != 0) {
      siginfo_t info{};
      sys::WaitPidfd(pidfd->get(), &info, WEXITED, nullptr);
    }
  }
  if (reply.error != 0) {
    if (subject.empty() && reply.fd >= 0) subject = "fd " + std::to_string(fds[static_cast<size_t>(reply.fd)]);
    return CloneFailure{static_cast<Stage>(reply.stage), reply.error, subject, {}, sys::CallName(reply.call)};
  }
  return static_cast<pid_t>(page_->pid);
}

}  // namespace memcage

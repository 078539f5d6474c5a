#include "launcher/start_children.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "clone/child.h"
#include "clone/clone_call.h"
#include "starter/protocol.h"
#include "sys/arena.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage::launcher {
namespace {

using starter::ChildOrder;
using starter::Header;
using starter::Reply;
using sys::Call;

constexpr size_t kPageSize = 4096;
constexpr size_t kStackSize = size_t{256} * 1024;
/** More than a child can be given. */
constexpr size_t kMostFds = 8192;
/** Of the text of what a failure is about. */
constexpr size_t kMostSubject = 4096;

alignas(16) char stack[kStackSize];
int fds[kMostFds];
starter::Page* page;
int parent_pidfd = starter::kProcessFd;

/** The process has ended, or no longer needs this one. */
[[noreturn]] void End() { _exit(0); }

void ReceiveAll(void* to, size_t size) {
  for (char* at = static_cast<char*>(to); size > 0;) {
    const long length = Call(SYS_recvfrom, starter::kSocketFd, at, size, 0, nullptr, nullptr);
    if (length <= 0) End();
    at += length;
    size -= static_cast<size_t>(length);
  }
}

/** Receives `size` bytes, and the fds that come with the first. Returns their number; -1: not all could be had. */
int ReceiveFds(void* to, size_t size, int* received) {
  alignas(cmsghdr) static char control[CMSG_SPACE(starter::kMostFds * sizeof(int))];
  iovec part{to, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const long length = Call(SYS_recvmsg, starter::kSocketFd, &message, MSG_CMSG_CLOEXEC);
  if (length <= 0) End();
  ReceiveAll(static_cast<char*>(to) + length, size - static_cast<size_t>(length));
  const cmsghdr* rights = CMSG_FIRSTHDR(&message);
  const size_t bytes = rights == nullptr ? 0 : rights->cmsg_len - CMSG_LEN(0);
  if (bytes > 0) memcpy(received, CMSG_DATA(rights), bytes);
  return (message.msg_flags & MSG_CTRUNC) != 0 ? -1 : static_cast<int>(bytes / sizeof(int));
}

/** Maps the other's arena here. If something is in the way, another starter may have more luck. */
void MapArena(std::byte* arena) {
  static std::byte* mapped;
  if (mapped == arena) return;
  const void* at = mmap(arena, Arena::kSize, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (at != arena) End();
  mapped = arena;
}

/** The child's stdio must not take its number. */
void KeepPidfdAbove(size_t count) {
  if (static_cast<size_t>(parent_pidfd) >= count) return;
  const sys::Result above = Call(SYS_fcntl, parent_pidfd, F_DUPFD_CLOEXEC, count);
  // Beyond the limit of open files, where the stdio fails too and says so.
  if (above < 0) return;
  Call(SYS_close, parent_pidfd);
  parent_pidfd = above.as_int();
}

/** Returns what the child reported, or that there is none. */
Report Clone(ChildOrder* order) {
  static Report report;
  report = {Stage::kClone, 0, nullptr, -1, sys::kNoCall};
  SpawnPlan& plan = order->plan;
  plan.report = &report;
  plan.parent_pidfd = parent_pidfd;
  CloneRequest call{};
  call.flags =
      CLONE_VFORK | CLONE_VM | CLONE_PARENT | CLONE_PARENT_SETTID | (order->namespaces & ~uint32_t{CLONE_NEWCGROUP});
  call.child_id = &page->pid;
  call.stack_base = stack;
  call.stack_size = kStackSize;
  call.cgroup_fd = order->into_cgroup_fd;
  const sys::Result pid =
      CloneChild(call, [](void* child_plan) -> int { RunChild(*static_cast<const SpawnPlan*>(child_plan)); }, &plan);
  if (pid < 0) report = {Stage::kClone, pid.as_int(), nullptr, -1, pid.call};
  return report;
}

void Tell(const Report& report, size_t fd_count) {
  const int* fd = std::find(fds, fds + fd_count, report.fd);
  Reply reply{};
  reply.stage = static_cast<int32_t>(report.stage);
  reply.error = report.error;
  reply.has_begun = report.has_begun;
  reply.call = report.call;
  reply.fd = report.fd < 0 || fd == fds + fd_count ? -1 : static_cast<int32_t>(fd - fds);
  const char* subject = report.error == 0 || report.subject == nullptr ? "" : report.subject;
  reply.subject_size = static_cast<uint32_t>(strnlen(subject, kMostSubject));
  iovec parts[] = {{&reply, sizeof(reply)}, {const_cast<char*>(subject), reply.subject_size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (Call(SYS_sendmsg, starter::kSocketFd, &message, MSG_NOSIGNAL) < 0) End();
}

void StartChild() {
  Header header{};
  size_t received = 0;
  int count = ReceiveFds(&header, sizeof(header), fds);
  bool is_short = count < 0;
  if (count > 0) received += static_cast<size_t>(count);
  while (!is_short && received < header.fd_count && received + starter::kMostFds <= kMostFds) {
    char byte = 0;
    count = ReceiveFds(&byte, 1, fds + received);
    if (count <= 0) is_short = true;
    if (count > 0) received += static_cast<size_t>(count);
  }
  MapArena(header.arena);
  ReceiveAll(header.arena, header.used);
  ChildOrder* order = header.order;
  Report report{Stage::kStdio, -EMFILE, nullptr, -1, SYS_recvmsg};
  if (!is_short && received == header.fd_count) {
    starter::ForEachFd(order, [](int* fd) {
      if (*fd >= 0) *fd = fds[*fd];
    });
    KeepPidfdAbove(std::max(order->plan.stdio.size(), size_t{STDERR_FILENO + 1}));
    report = Clone(order);
  }
  for (size_t i = 0; i < received; ++i) Call(SYS_close, fds[i]);
  Tell(report, received);
  // A secret of one child is nothing for the next. And one that has changed its ids has made this memory undumpable, in
  // which /proc/self is root's.
  memset(header.arena, 0, header.used);
  prctl(PR_SET_DUMPABLE, 1);
}

}  // namespace

void StartChildren() {
  for (int fd = starter::kSocketFd; fd < starter::kFdCount; ++fd) Call(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  void* shared = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, starter::kPageFd, 0);
  if (shared == MAP_FAILED) End();
  page = static_cast<starter::Page*>(shared);
  for (;;) StartChild();
}

}  // namespace memcage::launcher

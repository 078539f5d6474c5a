#include "launcher/start_children.h"

#include <fcntl.h>
#include <poll.h>
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
#include "sys/raw_call.h"

namespace memcage::launcher {
namespace {

using starter::Header;
using starter::StartOrder;
using starter::Reply;
using sys::Call;

constexpr int kMostFds = 253;
constexpr size_t kStackSize = 256 * 1024;
alignas(16) char stack[kStackSize];
int fds[kMostFds];
int fd_count;
starter::Page* page;
int parent_pidfd = starter::kProcessFd;

void ReadAll(void* to, size_t size) {
  char* at = static_cast<char*>(to);
  while (size > 0) {
    const long length = Call(SYS_recvfrom, starter::kSocketFd, at, size, 0, nullptr, nullptr);
    if (length <= 0) _exit(0);
    at += length;
    size -= static_cast<size_t>(length);
  }
}

void Receive(Header* header) {
  alignas(cmsghdr) static char control[CMSG_SPACE(sizeof(fds))];
  iovec part{header, sizeof(*header)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const long length = Call(SYS_recvmsg, starter::kSocketFd, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  if (length != static_cast<long>(sizeof(*header))) _exit(0);
  fd_count = 0;
  const cmsghdr* rights = CMSG_FIRSTHDR(&message);
  if (rights == nullptr) return;
  fd_count = static_cast<int>((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  memcpy(fds, CMSG_DATA(rights), static_cast<size_t>(fd_count) * sizeof(int));
}

void Start(StartOrder* order) {
  static Report report;
  report = {Stage::kClone, 0, nullptr, -1, sys::kNoCall};
  order->plan.report = &report;
  order->plan.parent_pidfd = parent_pidfd;
  starter::ForEachFd(*order, [](int& fd) {
    if (fd >= 0) fd = fds[fd];
  });
  CloneRequest call{};
  call.flags = CLONE_VFORK | CLONE_VM | CLONE_PARENT | CLONE_PARENT_SETTID | (order->namespaces & ~uint32_t{CLONE_NEWCGROUP});
  call.parent_tid = &page->pid;
  call.stack_base = stack;
  call.stack_size = kStackSize;
  call.cgroup_fd = order->into_cgroup_fd;
  const sys::Result pid =
      CloneChild(call, [](void* plan) -> int { RunChild(*static_cast<const SpawnPlan*>(plan)); }, &order->plan);
  if (pid < 0) report = {Stage::kClone, pid.as_int(), nullptr, -1, pid.call};
  // A child that has changed its ids has made this memory undumpable, and with it the files of the next child in /proc/self.
  prctl(PR_SET_DUMPABLE, 1);
  for (int i = 0; i < fd_count; ++i) Call(SYS_close, fds[i]);
  Reply reply{};
  reply.stage = static_cast<int32_t>(report.stage);
  reply.error = report.error;
  reply.call = report.call;
  reply.fd = static_cast<int32_t>(std::find(fds, fds + fd_count, report.fd) - fds);
  if (report.fd < 0 || reply.fd == fd_count) reply.fd = -1;
  reply.length = report.error != 0 && report.subject != nullptr ? static_cast<uint32_t>(strnlen(report.subject, 4096)) : 0;
  iovec parts[] = {{&reply, sizeof(reply)}, {const_cast<char*>(report.subject), reply.length}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (Call(SYS_sendmsg, starter::kSocketFd, &message, MSG_NOSIGNAL) < 0) _exit(0);
}

}  // namespace

void StartChildren() {
  for (const int fd : {starter::kSocketFd, starter::kPageFd, starter::kProcessFd}) Call(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  page = static_cast<starter::Page*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, starter::kPageFd, 0));
  if (page == MAP_FAILED) _exit(1);
  char* base = nullptr;
  for (;;) {
    Header header;
    Receive(&header);
    if (base != header.base) {
      if (mmap(header.base, header.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != header.base) _exit(2);
      base = header.base;
    }
    ReadAll(base, header.used);
    const int count = static_cast<int>(std::max<size_t>(header.order->plan.stdio.size(), 3));
    if (parent_pidfd < count) {
      const sys::Result above = Call(SYS_fcntl, parent_pidfd, F_DUPFD_CLOEXEC, count);
      if (above >= 0) { Call(SYS_close, parent_pidfd); parent_pidfd = above.as_int(); }
    }
    Start(header.order);
  }
}

}  // namespace memcage::launcher

#include "launcher/start_children.h"

#include <fcntl.h>
#include <linux/capability.h>
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
#include "sys/own_stack.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage::launcher {
namespace {

using starter::ChildOrder;
using starter::Header;
using sys::Call;

constexpr size_t kStackSize = size_t{256} * 1024;
/** More than a child can be given. */
constexpr size_t kMostFds = 8192;

alignas(16) char stack[kStackSize];
int fds[kMostFds];
size_t fd_count;
starter::Page* page;
int socket_fd = starter::kSocketFd;
int parent_pidfd = starter::kProcessFd;

/** The process has ended, or no longer needs this one. */
[[noreturn]] void End() { _exit(0); }

void ReceiveAll(void* to, size_t size) {
  for (char* at = static_cast<char*>(to); size > 0;) {
    const long length = Call(SYS_recvfrom, socket_fd, at, size, 0, nullptr, nullptr);
    if (length <= 0) End();
    at += length;
    size -= static_cast<size_t>(length);
  }
}

/** Writes to the page what has failed: here, or in the child, which may be a copy but for the page. */
void WriteFailure(const Report& report) {
  const int* fd = std::find(fds, fds + fd_count, report.fd);
  page->stage = static_cast<int32_t>(report.stage);
  page->fd = report.fd < 0 || fd == fds + fd_count ? -1 : static_cast<int32_t>(fd - fds);
  page->call = report.call;
  const char* subject = report.subject == nullptr ? "" : report.subject;
  const size_t length = strnlen(subject, starter::kMostSubject - 1);
  memcpy(page->subject, subject, length);
  page->subject[length] = '\0';
  __atomic_store_n(&page->error, report.error, __ATOMIC_RELEASE);
}

/** Receives `size` bytes, and the fds that come with the first. */
void ReceiveFds(void* to, size_t size) {
  alignas(cmsghdr) static char control[CMSG_SPACE(starter::kMostFds * sizeof(int))];
  iovec part{to, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const long length = Call(SYS_recvmsg, socket_fd, &message, MSG_CMSG_CLOEXEC);
  if (length <= 0) End();
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    WriteFailure({Stage::kStdio, -EMFILE, nullptr, -1, SYS_recvmsg});
    // Which closes the fds that it could have.
    End();
  }
  ReceiveAll(static_cast<char*>(to) + length, size - static_cast<size_t>(length));
  const cmsghdr* rights = CMSG_FIRSTHDR(&message);
  if (rights == nullptr) return;
  const size_t bytes = rights->cmsg_len - CMSG_LEN(0);
  if (fd_count + bytes / sizeof(int) > kMostFds) End();
  memcpy(fds + fd_count, CMSG_DATA(rights), bytes);
  fd_count += bytes / sizeof(int);
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
void KeepAbove(size_t count, int* fd) {
  if (static_cast<size_t>(*fd) >= count) return;
  const sys::Result above = Call(SYS_fcntl, *fd, F_DUPFD_CLOEXEC, count);
  // Beyond the limit of open files, where the stdio fails too and says so.
  if (above < 0) return;
  Call(SYS_close, *fd);
  *fd = above.as_int();
}

void Clone(ChildOrder* order) {
  static Report report;
  report = {Stage::kClone, 0, nullptr, -1, sys::kNoCall};
  SpawnPlan& plan = order->plan;
  plan.report = &report;
  plan.on_failure = [](const SpawnPlan& failed) { WriteFailure(*failed.report); };
  plan.parent_pidfd = parent_pidfd;
  plan.exec_fd = socket_fd;
  CloneRequest call{};
  call.flags = CLONE_VFORK | CLONE_PARENT | CLONE_PARENT_SETTID | (order->is_copy ? 0 : CLONE_VM) |
               (order->namespaces & ~uint32_t{CLONE_NEWCGROUP});
  call.child_id = &page->pid;
  call.stack_base = stack;
  call.stack_size = kStackSize;
  call.cgroup_fd = order->into_cgroup_fd;
  const auto run = [](void* child_plan) -> int {
    page->has_begun = 1;
    RunChild(*static_cast<const SpawnPlan*>(child_plan));
  };
  const sys::OwnStack own_stack(call.stack_base, call.stack_size);
  const sys::Result pid = CloneChild(call, run, &plan);
  if (pid < 0) WriteFailure({Stage::kClone, pid.as_int(), nullptr, -1, pid.call});
}

/** As the process has them. What only came over exec (KeepCapabilitiesOverExec()) is nothing for the children. */
void TakeCapabilities() {
  const starter::Capabilities& own = page->capabilities;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (Call(SYS_capget, &header, sets) < 0) End();
  for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) {
    const uint32_t* of_process = own.sets + 3 * i;
    sets[i].permitted &= of_process[1];
    sets[i].effective = of_process[0] & sets[i].permitted;
    sets[i].inheritable &= of_process[2];
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (Call(SYS_capset, &header, sets) < 0) End();
  for (int capability = 0; capability < starter::kMostCapabilities; ++capability) {
    if ((own.ambient >> capability & 1) != 0) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
  }
}

void StartChild() {
  Header header{};
  fd_count = 0;
  ReceiveFds(&header, sizeof(header));
  while (fd_count < header.fd_count) {
    char byte = 0;
    ReceiveFds(&byte, 1);
  }
  MapArena(header.arena);
  ReceiveAll(header.arena, header.used);
  ChildOrder* order = header.order;
  starter::ForEachFd(order, [](int* fd) {
    if (*fd >= 0) *fd = fds[*fd];
  });
  const size_t first_other = std::max(order->plan.stdio.size(), size_t{STDERR_FILENO + 1});
  KeepAbove(first_other, &socket_fd);
  KeepAbove(first_other, &parent_pidfd);
  Clone(order);
  for (size_t i = 0; i < fd_count; ++i) Call(SYS_close, fds[i]);
  // One that has changed its ids, or has a filter, has made this memory undumpable, if it had it. Then /proc/self is
  // root's.
  prctl(PR_SET_DUMPABLE, 1);
  // A secret of one child is nothing for the next.
  madvise(header.arena, Arena::kSize, MADV_DONTNEED);
  const char byte = 0;
  if (Call(SYS_sendto, socket_fd, &byte, 1, MSG_NOSIGNAL, nullptr, 0) < 0) End();
}

}  // namespace

void StartChildren() {
  for (int fd = starter::kSocketFd; fd < starter::kFdCount; ++fd) Call(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  void* shared = mmap(nullptr, sizeof(starter::Page), PROT_READ | PROT_WRITE, MAP_SHARED, starter::kPageFd, 0);
  if (shared == MAP_FAILED) End();
  page = static_cast<starter::Page*>(shared);
  // The kernel doesn't say whether it could write the pid. It can to a page that is mapped already.
  page->pid = 0;
  TakeCapabilities();
  for (;;) StartChild();
}

}  // namespace memcage::launcher

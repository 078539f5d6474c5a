#include "clone/clone_call.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/syscall_numbers.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace memcage {
namespace {

// struct clone_args of the kernel's ABI. Version 0 ends before set_tid (Linux 5.3); version 2 has cgroup (5.7).
struct CloneArgs {
  uint64_t flags;
  uint64_t pidfd;
  uint64_t child_tid;
  uint64_t parent_tid;
  uint64_t exit_signal;
  uint64_t stack;
  uint64_t stack_size;
  uint64_t tls;
  uint64_t set_tid;
  uint64_t set_tid_size;
  uint64_t cgroup;
};
constexpr size_t kCloneArgsVersion0 = 64;
constexpr size_t kCloneArgsVersion2 = 88;
static_assert(sizeof(CloneArgs) == kCloneArgsVersion2);

uint64_t Address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

/**
 * No C library exports clone3. The child returns from the system call on an empty stack, so it must not return through
 * this frame. It calls `entry(arg)` at once.
 */
long RawClone3(CloneArgs* args, size_t size, int (*entry)(void*), void* arg) {
#if defined(__x86_64__)
  long result = 0;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "movq %[arg], %%rdi\n\t"
      "callq *%[entry]\n\t"
      "ud2\n"
      "1:"
      : "=a"(result)
      : "0"(static_cast<long>(SYS_clone3)), "D"(args), "S"(size), [entry] "r"(entry), [arg] "r"(arg)
      : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long result asm("x0") = reinterpret_cast<long>(args);
  register size_t second asm("x1") = size;
  register long number asm("x8") = SYS_clone3;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x0, %[arg]\n\t"
      "blr %[entry]\n\t"
      "brk #1\n"
      "1:"
      : "+r"(result)
      : "r"(second), "r"(number), [entry] "r"(entry), [arg] "r"(arg)
      : "memory", "x30");
  return result;
#else
  (void)args, (void)size, (void)entry, (void)arg;
  return -ENOSYS;
#endif
}

constexpr uint64_t kOnlyClone3 = ~uint64_t{0xffffffff} | CLONE_NEWTIME;

sys::Result LegacyClone(const CloneRequest& request, int (*entry)(void*), void* arg) {
  // clone(2) has 32 bits of flags. The lowest eight are the exit signal.
  if ((request.flags & kOnlyClone3) != 0) return {-ENOSYS, SYS_clone3};
  const int flags = static_cast<int>(request.flags) | SIGCHLD;
  const int pid = clone(entry, request.stack_base + request.stack_size, flags, arg, request.child_id);
  return {pid < 0 ? -errno : pid, SYS_clone};
}

}  // namespace

sys::Result CloneChild(const CloneRequest& request, int (*entry)(void*), void* arg) {
  CloneArgs args{};
  args.flags = request.flags;
  args.pidfd = (request.flags & CLONE_PIDFD) != 0 ? Address(request.child_id) : 0;
  args.parent_tid = (request.flags & CLONE_PARENT_SETTID) != 0 ? Address(request.child_id) : 0;
  // A sibling has that of the calling process.
  args.exit_signal = (request.flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  args.stack = Address(request.stack_base);
  args.stack_size = request.stack_size;
  size_t size = kCloneArgsVersion0;
  if (request.cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(request.cgroup_fd);
    size = kCloneArgsVersion2;
  }
  const long pid = RawClone3(&args, size, entry, arg);
  if (pid != -ENOSYS || request.cgroup_fd >= 0) return {pid, SYS_clone3};
  return LegacyClone(request, entry, arg);
}

sys::Result CloneRefusal(uint64_t flags) {
  // Smaller than the first version of the structure. The kernel looks at the size before all else.
  syscall(SYS_clone3, nullptr, 0);
  if (errno == EINVAL) return {};
  if (errno != ENOSYS || (flags & kOnlyClone3) != 0) return {-errno, SYS_clone3};
  // clone(2): CLONE_SIGHAND needs CLONE_VM. A filter sees the flags that matter to it.
  const uint64_t refused = (flags & ~uint64_t{CLONE_VM}) | CLONE_SIGHAND | SIGCHLD;
  int unused = -1;
  const long pid = syscall(SYS_clone, refused, nullptr, &unused, nullptr, 0);
  // No Linux gets here. A kernel that only resembles one might.
  if (pid == 0) syscall(SYS_exit_group, 0);
  if (pid > 0) {
    waitpid(static_cast<pid_t>(pid), nullptr, __WALL);
    return {};
  }
  return {errno == EINVAL ? 0 : -errno, SYS_clone};
}

sys::Result UnshareRefusal(int flags) {
  // unshare(2): CLONE_THREAD is for a process with one thread.
  if (syscall(SYS_unshare, flags | CLONE_THREAD) == 0 || errno == EINVAL) return {};
  return {-errno, SYS_unshare};
}

}  // namespace memcage

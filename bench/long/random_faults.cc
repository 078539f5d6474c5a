// LD_PRELOAD for the long soak: now and then a system call that the addon makes fails, as on a machine that is short of
// something. Costs a comparison for each call, so a million starts are possible; what each single fault does is for the
// overseer (test/overseer).
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

namespace {

/** Shared with the soak, which writes the first three. */
struct Control {
  /** Where the code of the addon is. */
  uint64_t from;
  uint64_t to;
  /** One of so many calls fails; 0 for none. */
  uint64_t one_in;
  uint64_t state;
  uint64_t calls;
  uint64_t faults;
};

Control* g_control = nullptr;

__attribute__((constructor)) void MapControl() {
  const char* path = getenv("MEMCAGE_BENCH_FAULTS");
  if (path == nullptr) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* page = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (page != MAP_FAILED) g_control = static_cast<Control*>(page);
}

/** Splitmix64. Threads share the state: which of them fails is chance anyhow. */
uint64_t Random() {
  uint64_t z = __atomic_add_fetch(&g_control->state, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/** Whether this call of the addon is to fail; then errno is one of these. */
bool Fails(void* caller, std::initializer_list<int> errors) {
  if (g_control == nullptr) return false;
  const auto address = reinterpret_cast<uint64_t>(caller);
  if (address < g_control->from || address >= g_control->to) return false;
  const uint64_t one_in = g_control->one_in;
  if (one_in == 0) return false;
  __atomic_add_fetch(&g_control->calls, 1, __ATOMIC_RELAXED);
  const uint64_t random = Random();
  if (random % one_in != 0) return false;
  __atomic_add_fetch(&g_control->faults, 1, __ATOMIC_RELAXED);
  errno = errors.begin()[(random >> 32) % errors.size()];
  return true;
}

#define CALLER __builtin_return_address(0)

using Syscall = long (*)(long, ...);
Syscall g_syscall = nullptr;

/** Before other libraries begin. A child that shares its parent's memory must not call the loader later. */
__attribute__((constructor(101))) void FindSyscall() {
  g_syscall = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
}

/** What the C library's own functions of these names do. */
template <typename... Arguments>
long Do(long number, Arguments... arguments) {
  if (g_syscall == nullptr) FindSyscall();
  return g_syscall(number, arguments...);
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  if (Fails(CALLER, {EMFILE, ENFILE, ENOMEM, EINTR})) return -1;
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return static_cast<int>(Do(SYS_openat, AT_FDCWD, path, flags, mode));
}

int openat(int dir, const char* path, int flags, ...) {
  if (Fails(CALLER, {EMFILE, ENFILE, ENOMEM, EINTR})) return -1;
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return static_cast<int>(Do(SYS_openat, dir, path, flags, mode));
}

int mkdirat(int dir, const char* path, mode_t mode) {
  return Fails(CALLER, {ENOMEM, ENOSPC, EAGAIN}) ? -1 : static_cast<int>(Do(SYS_mkdirat, dir, path, mode));
}

int unlinkat(int dir, const char* path, int flags) {
  return Fails(CALLER, {EBUSY, ENOMEM}) ? -1 : static_cast<int>(Do(SYS_unlinkat, dir, path, flags));
}

ssize_t read(int fd, void* buffer, size_t size) {
  return Fails(CALLER, {EINTR, ENOMEM}) ? -1 : Do(SYS_read, fd, buffer, size);
}

ssize_t pread(int fd, void* buffer, size_t size, off_t offset) {
  return Fails(CALLER, {EINTR, ENOMEM}) ? -1 : Do(SYS_pread64, fd, buffer, size, offset);
}

ssize_t write(int fd, const void* buffer, size_t size) {
  return Fails(CALLER, {EINTR, ENOMEM, EBUSY, ENOSPC}) ? -1 : Do(SYS_write, fd, buffer, size);
}

ssize_t pwrite(int fd, const void* buffer, size_t size, off_t offset) {
  return Fails(CALLER, {EINTR, ENOMEM, EBUSY}) ? -1 : Do(SYS_pwrite64, fd, buffer, size, offset);
}

int socketpair(int domain, int type, int protocol, int* fds) noexcept {
  return Fails(CALLER, {EMFILE, ENFILE, ENOMEM}) ? -1 : static_cast<int>(Do(SYS_socketpair, domain, type, protocol, fds));
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  if (operation == EPOLL_CTL_ADD && Fails(CALLER, {ENOMEM, ENOSPC})) return -1;
  return static_cast<int>(Do(SYS_epoll_ctl, epoll, operation, fd, event));
}

int epoll_create1(int flags) noexcept { return Fails(CALLER, {EMFILE, ENFILE, ENOMEM}) ? -1 : static_cast<int>(Do(SYS_epoll_create1, flags)); }

ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  return Fails(CALLER, {EAGAIN, ENOBUFS, ENOMEM}) ? -1 : Do(SYS_sendmsg, socket, message, flags);
}

// NOLINTNEXTLINE(cert-dcl50-cpp): that is its type.
long syscall(long number, ...) noexcept {
  va_list arguments;
  va_start(arguments, number);
  long values[6];
  for (long& value : values) value = va_arg(arguments, long);
  va_end(arguments);
  const bool opens = number == SYS_pidfd_open || number == SYS_openat2 || number == SYS_memfd_create;
  if (opens && Fails(CALLER, {EMFILE, ENFILE, ENOMEM})) return -1;
  if (number == SYS_clone && Fails(CALLER, {EAGAIN, ENOMEM})) return -1;
  return Do(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

}  // extern "C"

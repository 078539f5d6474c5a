// To get hold of what the kernel offers to few, and where its own errors are found. Nothing is done with it.
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include "attack.h"

static void bpf(void) {
  union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  if (syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map) >= 0) worked();
}

static void perf(void) {
  struct perf_event_attr event = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1};
  if (syscall(SYS_perf_event_open, &event, 0, -1, -1, 0) >= 0) worked();
}

static void ring(void) {
  char parameters[120] = {0};
  if (syscall(SYS_io_uring_setup, 1, parameters) >= 0) worked();
}

static void faults(void) {
  if (syscall(SYS_userfaultfd, 0) >= 0) worked();
}

static void keyring(void) {
  if (syscall(SYS_keyctl, 1, NULL) > 0) worked();
}

static void user_namespace(void) {
  if (unshare(CLONE_NEWUSER) == 0) worked();
}

// The flags of this call no filter can see.
static void user_namespace_by_clone3(void) {
  struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(0);
  if (pid > 0) worked();
}

// The same by the calls of other architectures, which a filter may have forgotten.
static void user_namespace_by_other_calls(void) {
#ifdef __x86_64__
  long result;
  if (syscall(0x40000000 | SYS_unshare, CLONE_NEWUSER) == 0) return worked();
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(310), "b"(CLONE_NEWUSER) : "memory", "r8", "r9", "r10", "r11");
  if (result == 0) worked();
#endif
}

// To the machine around a virtual machine: no network namespace has these.
static void to_hypervisor(void) {
  if (socket(AF_VSOCK, SOCK_STREAM, 0) >= 0) worked();
}

static void ciphers(void) {
  if (socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0) worked();
}

static void mount_something(void) {
  if (apart() && mount("attack", "/proc", "tmpfs", 0, NULL) == 0) worked();
}

static void log_of_kernel(void) {
  char text[1000];
  if (klogctl(3, text, sizeof text) > 0) worked();
}

// To what it is.
static void clock_of_machine(void) {
  struct timex clock = {.modes = 0};
  if (adjtimex(&clock) < 0) return;
  clock.modes = ADJ_TICK;
  if (adjtimex(&clock) >= 0) worked();
}

// To open them changes nothing.
static void setting(void) {
  if (open("/proc/sys/kernel/core_pattern", O_WRONLY) >= 0) worked();
}

static void sysrq(void) {
  if (open("/proc/sysrq-trigger", O_WRONLY) >= 0) worked();
}

// What is no module is refused for that only after the right was there.
static void module(void) {
  syscall(SYS_init_module, "none", 4, "");
  if (errno == ENOEXEC || errno == EINVAL) worked();
}

static void type_on_terminal(void) {
  int terminals[] = {0, open("/dev/tty", O_RDWR)};
  for (int each = 0; each < 2; each++)
    for (const char* at = "typed\n"; *at != '\0'; at++)
      if (ioctl(terminals[each], TIOCSTI, at) != 0) break;
}

const struct attack kernel_attacks[] = {{"bpf", bpf},
                                        {"perf", perf},
                                        {"io-uring", ring},
                                        {"userfaultfd", faults},
                                        {"keyring", keyring},
                                        {"user-namespace", user_namespace},
                                        {"clone3", user_namespace_by_clone3},
                                        {"other-calls", user_namespace_by_other_calls},
                                        {"vsock", to_hypervisor},
                                        {"ciphers", ciphers},
                                        {"mount", mount_something},
                                        {"kernel-log", log_of_kernel},
                                        {"clock", clock_of_machine},
                                        {"setting", setting},
                                        {"sysrq", sysrq},
                                        {"module", module},
                                        {"terminal-input", type_on_terminal},
                                        {NULL, NULL}};

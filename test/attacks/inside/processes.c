// To be more than allowed, to stay, and to get at processes outside.
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include "attack.h"

enum { MANY = 100 };

static void* stay(void* nothing) {
  pause();
  return nothing;
}

static void fork_bomb(void) {
  pid_t children[MANY];
  int count = 0;
  while (count < MANY && (children[count] = fork()) >= 0) {
    if (children[count] == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      pause();
    }
    count++;
  }
  if (count == MANY) worked();
  while (count-- > 0) kill(children[count], SIGKILL);
}

static void thread_bomb(void) {
  pthread_attr_t small;
  pthread_t thread;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (int count = 0; count < MANY; count++)
    if (pthread_create(&thread, &small, stay, NULL) != 0) return;
  worked();
}

static void orphan(void) { leave_behind(false); }
static void orphan_with_output(void) { leave_behind(true); }

// The victim, a process of the same user outside: its pid, and where in its memory the secret is.
static void of_victim(const char* file) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/%s", given("victim"), file);
  show(path);
}

static void see(void) { of_victim("cmdline"); }
static void read_environment(void) { of_victim("environ"); }

static void read_memory(void) {
  char text[64];
  struct iovec here = {text, sizeof text}, there = {(void*)given_number("address"), sizeof text};
  ssize_t count = process_vm_readv(given_number("victim"), &here, 1, &there, 1, 0);
  if (count > 0 && write(1, text, count) < 0) return;
}

static void trace(void) {
  if (ptrace(PTRACE_SEIZE, given_number("victim"), NULL, NULL) == 0) worked();
}

// Whether it has ended is seen outside.
static void end(void) { kill(given_number("victim"), SIGKILL); }

static void inherited_files(void) {
  char text[64];
  for (int fd = 3; fd < 1024; fd++) {
    ssize_t count = pread(fd, text, sizeof text, 0);
    if (count > 0 && write(1, text, count) < 0) return;
  }
}

extern char** environ;
static void own_environment(void) {
  for (char** each = environ; *each != NULL; each++) puts(*each);
  fflush(stdout);
}

const struct attack process_attacks[] = {{"fork-bomb", fork_bomb},
                                         {"thread-bomb", thread_bomb},
                                         {"orphan", orphan},
                                         {"orphan-with-output", orphan_with_output},
                                         {"see-processes", see},
                                         {"read-environment", read_environment},
                                         {"read-memory", read_memory},
                                         {"ptrace", trace},
                                         {"kill", end},
                                         {"inherited-files", inherited_files},
                                         {"own-environment", own_environment},
                                         {NULL, NULL}};

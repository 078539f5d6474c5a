// To be told for something else than one was, and never to end.
#include <time.h>
#include "attack.h"

static void until_killed(void) {
  for (;;) holds(MIB);
}

// A part of it is killed for memory, and the whole says that all is well.
static void success(void) {
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) until_killed();
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) worked();
  _exit(0);
}

// A first process of a namespace can't kill itself, and has to say so.
static void own_kill(void) {
  raise(SIGKILL);
  _exit(128 + SIGKILL);
}

static void sleep_on(void) {
  for (;;) sleep(60);
}

// No process uses much of the processor's time.
static void loop_in_turns(void) {
  for (int turn = 0; turn < 40; turn++) {
    pid_t pid = fork();
    if (pid == 0) {
      while (clock() < CLOCKS_PER_SEC / 20) continue;
      _exit(0);
    }
    waitpid(pid, NULL, 0);
  }
  worked();
}

static void flood(void) {
  static char text[65536];
  memset(text, 'x', sizeof text);
  for (int count = 0; count < 512; count++)
    if (write(1, text, sizeof text) < 0) return;
}

const struct attack ending_attacks[] = {{"take-all", until_killed},
                                        {"success", success},
                                        {"own-kill", own_kill},
                                        {"sleep", sleep_on},
                                        {"loop-in-turns", loop_in_turns},
                                        {"flood", flood},
                                        {NULL, NULL}};

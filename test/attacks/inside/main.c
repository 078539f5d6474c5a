// attack NAME [NAME=VALUE...]: tries one attack. The other words are what the harness runs outside of any sandbox.
#include "attack.h"

static char** words;
static char* self;

const char* given(const char* name) {
  size_t length = strlen(name);
  for (char** word = words; *word != NULL; word++)
    if (strncmp(*word, name, length) == 0 && (*word)[length] == '=') return *word + length + 1;
  return "";
}

long given_number(const char* name) { return strtol(given(name), NULL, 10); }

void worked(void) {
  if (write(1, "WORKED\n", 7) != 7) _exit(9);
}

bool show(const char* path) {
  char text[4096];
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t count = read(fd, text, sizeof text);
  close(fd);
  return count > 0 && write(1, text, count) == count;
}

bool put(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = strlen(text);
  bool is_put = write(fd, text, length) == length;
  close(fd);
  return is_put;
}

void leave_behind(bool keeps_stdout) {
  int ends[2];
  char word;
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  if (fork() == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    for (int fd = 0; fd < 3; fd++)
      if (fd != 1 || !keeps_stdout) close(fd);
    char mark[200];
    snprintf(mark, sizeof mark, "mark=%s", given("mark"));
    char* arguments[] = {self, "linger", mark, NULL};
    execv("/proc/self/exe", arguments);
    execv(self, arguments);
    _exit(1);
  }
  close(ends[1]);
  // Until the other has become that program.
  while (read(ends[0], &word, 1) < 0 && errno == EINTR) continue;
}

int main(int count, char** arguments) {
  if (count < 2) return 2;
  self = arguments[0];
  words = arguments + 2;
  const char* name = arguments[1];
  if (strcmp(name, "terminal") == 0) return on_a_terminal(words);
  if (strcmp(name, "victim") == 0) return be_victim();
  if (strcmp(name, "plant") == 0) return plant();
  if (strcmp(name, "linger") == 0) {
    alarm(120);
    pause();
    return 0;
  }
  const struct attack* kinds[] = {memory_attacks, buffer_attacks,    limit_attacks,  process_attacks,
                                  file_attacks,   neighbour_attacks, kernel_attacks, ending_attacks};
  for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
    for (const struct attack* each = kinds[kind]; each->name != NULL; each++)
      if (strcmp(each->name, name) == 0) {
        // Said before anything else, so that a sandbox that never starts it is not taken for one that holds it.
        if (write(1, "STARTED\n", 8) != 8) return 9;
        each->run();
        return 0;
      }
  return 2;
}

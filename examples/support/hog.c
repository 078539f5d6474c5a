/* Takes memory as `stress --vm-bytes N --vm-keep -m 1` does: a worker process touches it and keeps it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: hog MEBIBYTES\n");
    return 2;
  }
  size_t size = (size_t)atol(argv[1]) << 20;
  pid_t worker = fork();
  if (worker < 0) {
    perror("hog: fork");
    return 1;
  }
  if (worker == 0) {
    char* memory = malloc(size);
    if (memory == NULL) return 1;
    for (;;) {
      for (size_t at = 0; at < size; at += 4096) memory[at] = 'Z';
      usleep(1000);
    }
  }
  int status = 0;
  waitpid(worker, &status, 0);
  if (WIFSIGNALED(status)) {
    fprintf(stderr, "hog: worker %d got signal %d\n", (int)worker, WTERMSIG(status));
  }
  return 1;
}

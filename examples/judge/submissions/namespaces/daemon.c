// Verdict: wrong answer:
// Leaves a process behind that has nothing to do with this one any more, and no stdout.
#include <fcntl.h>
#include <unistd.h>

int main(void) {
  if (fork() > 0) return 0;
  setsid();
  if (fork() > 0) return 0;
  for (int fd = 0; fd < 3; fd++) close(fd);
  sleep(3600);
}

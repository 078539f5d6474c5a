// Verdict: wrong answer: 0 others
// Whom it could send a signal, or see, by the pids of the machine.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  int there = 0;
  for (int pid = 2; pid < 65536; pid++) {
    if (pid != getpid() && !(kill(pid, 0) != 0 && errno == ESRCH)) there++;
  }
  printf("%d others\n", there);
}

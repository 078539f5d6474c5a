#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  kill(getppid(), SIGKILL);
  kill(-1, SIGKILL);
  sleep(1);
  printf("still below %d\n", getppid());
}

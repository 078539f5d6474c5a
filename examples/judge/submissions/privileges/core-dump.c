// Verdict: wrong answer: no core
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int status;
  if (fork() == 0) abort();
  wait(&status);
  puts(WCOREDUMP(status) ? "core dumped" : "no core");
}

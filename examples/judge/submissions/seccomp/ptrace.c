// Verdict: wrong answer: refused
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(void) {
  long refused = ptrace(PTRACE_ATTACH, getppid(), 0, 0);
  puts(refused == 0 ? "traced" : "refused");
}

// Verdict: wrong answer: Function not implemented
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  char parameters[120] = {0};
  puts(syscall(SYS_io_uring_setup, 1, parameters) >= 0 ? "has a ring" : strerror(errno));
}

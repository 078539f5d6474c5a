// Verdict: memory limit: cause limit|wrong answer: No space left on device|time limit
// Some 60,000 system calls: where they are slow, the time is over first.
// Empty files take no room in the file system, but memory of the kernel's.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(void) {
  char path[32];
  for (int number = 0; number < 1000000; number++) {
    sprintf(path, "/tmp/%d", number);
    if (mknod(path, S_IFREG | 0600, 0) != 0) return puts(strerror(errno));
  }
  puts("all made");
}

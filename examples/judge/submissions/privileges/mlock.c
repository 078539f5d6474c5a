// Verdict: wrong answer: (Operation not permitted|Cannot allocate memory)
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <sys/mman.h>

int main(void) {
  static char page[1 << 16];
  puts(mlock(page, sizeof page) == 0 ? "locked" : strerror(errno));
}

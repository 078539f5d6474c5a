// Verdict: stalled
// Reads again and again what had to make room for what it has just read.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { DATA = 96 << 20, OWN = 40 << 20 };

int main(void) {
  const volatile char *data = mmap(NULL, DATA, PROT_READ, MAP_SHARED, open("/data", O_RDONLY), 0);
  madvise((void *)data, DATA, MADV_RANDOM);
  volatile char *own = memset(malloc(OWN), 1, OWN);
  for (int sum = 0;;) sum += own[random() % OWN] + data[random() % DATA];
}

// Processes that read again and again what had to make room for what they have just read.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DATA = 256 << 20, OWN = 40 << 20 };

int main(void) {
  char *data = mmap(NULL, DATA, PROT_READ, MAP_SHARED, open("/data", O_RDONLY), 0);
  madvise(data, DATA, MADV_RANDOM);
  volatile char *own = memset(malloc(OWN), 1, OWN);
  fork();
  fork();
  srandom(getpid());
  for (int sum = 0;;) sum += own[random() % OWN] + data[random() % DATA];
}

// Reads again and again what had to make room for what it has just read.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { DATA = 256 << 20, OWN = 20 << 20 };

int main(void) {
  char *data = mmap(NULL, DATA, PROT_READ, MAP_SHARED, open("/data", O_RDONLY), 0);
  char *own = memset(malloc(OWN), 1, OWN);
  for (;;) own[random() % OWN] += data[random() % DATA];
}

// Uses memory as it is told: memory-profile MS KIB [MS KIB]... From one point to the next use goes up or down evenly. It ends at the last.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { STEP_MS = 10, MOST_POINTS = 512 };

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  double ms[MOST_POINTS] = {0};
  size_t kib[MOST_POINTS] = {0};
  size_t most = 0;
  int points = 1;
  for (int arg = 1; arg + 1 < argc && points < MOST_POINTS; arg += 2, points++) {
    ms[points] = atof(argv[arg]);
    kib[points] = strtoul(argv[arg + 1], NULL, 10);
    if (kib[points] > most) most = kib[points];
  }
  char *memory = mmap(NULL, (most + 4) << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return perror("mmap"), 1;
  // Else a page that is touched may bring many more.
  madvise(memory, (most + 4) << 10, MADV_NOHUGEPAGE);
  const double start = now_ms();
  size_t used = 0;
  for (int next = 1; next < points;) {
    const double age = now_ms() - start;
    if (age >= ms[next]) {
      next++;
      if (next == points) break;
      continue;
    }
    const double part = (age - ms[next - 1]) / (ms[next] - ms[next - 1]);
    size_t wanted = kib[next - 1] + part * ((double)kib[next] - (double)kib[next - 1]);
    wanted &= ~(size_t)3;
    if (wanted > used) memset(memory + (used << 10), 1, (wanted - used) << 10);
    if (wanted < used) madvise(memory + (wanted << 10), (used - wanted) << 10, MADV_DONTNEED);
    used = wanted;
    const struct timespec step = {0, STEP_MS * 1000000L};
    nanosleep(&step, NULL);
  }
  return 0;
}

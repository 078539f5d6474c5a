// Verdict: wrong answer: refused
#include <stdio.h>
#include <time.h>

int main(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  puts(clock_settime(CLOCK_REALTIME, &now) == 0 ? "set the clock" : "refused");
}

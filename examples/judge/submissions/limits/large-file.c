// Verdict: file limit
#include <stdio.h>

int main(void) {
  FILE *file = fopen("/tmp/large", "w");
  for (;;) fputs("spam", file);
}

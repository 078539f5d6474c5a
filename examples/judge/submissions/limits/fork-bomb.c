// Verdict: process limit: more than 10
#include <unistd.h>

int main(void) {
  for (;;) fork();
}

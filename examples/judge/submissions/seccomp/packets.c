// Verdict: wrong answer: Protocol not supported
// The old name of AF_PACKET, whose rings no cage counts.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void) {
  int fd = socket(AF_INET, SOCK_PACKET, 0);
  puts(fd >= 0 ? "has a socket" : strerror(errno));
}

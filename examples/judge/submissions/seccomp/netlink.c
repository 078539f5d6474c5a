// Verdict: wrong answer: Address family not supported by protocol
// Memory that no cage counts: messages to oneself that nobody reads.
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
  puts(fd >= 0 ? "has a socket" : strerror(errno));
}

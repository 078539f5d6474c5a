// To hold more memory than the limit, in each way that there is.
#include <linux/if_packet.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include "attack.h"

static char block[MIB];

static bool keeps(volatile char* memory, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1 + at / 4096 % 100;
  for (size_t at = 0; at < bytes; at += 4096)
    if (memory[at] != (char)(1 + at / 4096 % 100)) return false;
  return true;
}

bool holds(size_t bytes) {
  void* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED && keeps(memory, bytes);
}

static void anonymous(void) {
  if (holds(TOO_MUCH)) worked();
}

void together(int children, bool (*part)(void)) {
  int said[2], done = 0;
  char word;
  if (pipe(said) != 0) return;
  for (int child = 0; child < children; child++) {
    pid_t pid = fork();
    if (pid < 0) return;
    if (pid == 0) {
      close(said[0]);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (!part() || write(said[1], "", 1) != 1) _exit(1);
      pause();
    }
  }
  close(said[1]);
  // It counts only if none was killed to make room for another.
  while (done < children && waitpid(-1, NULL, WNOHANG) == 0) {
    struct pollfd news = {.fd = said[0], .events = POLLIN};
    if (poll(&news, 1, 20) == 1 && read(said[0], &word, 1) == 1) done++;
  }
  if (done == children && waitpid(-1, NULL, WNOHANG) == 0) worked();
}

static bool a_share(void) { return holds(8 * MIB); }
static void many_processes(void) { together(7, a_share); }

const char* const places[] = {"/tmp", "/dev/shm", "/var/tmp", "/run", "/dev", "/", "/root", "/home/guest", NULL};

bool fills(size_t bytes, bool in_memory, bool is_cached) {
  size_t held = 0;
  struct made {
    struct made* before;
    char path[100];
  }* last = NULL;
  for (const char* const* place = places; *place != NULL && held < bytes; place++) {
    struct statfs about;
    if (statfs(*place, &about) != 0 || (about.f_type == TMPFS_MAGIC) != in_memory) continue;
    for (int number = 0; held < bytes; number++) {
      struct made* next = calloc(1, sizeof *next);
      snprintf(next->path, sizeof next->path, "%s/attack-%d-%d", *place, getpid(), number);
      int fd = open(next->path, O_CREAT | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
      if (fd < 0) break;
      next->before = last;
      last = next;
      ssize_t count = write(fd, block, MIB);
      close(fd);
      if (count != MIB) break;
      held += MIB;
    }
  }
  size_t cached = 0;
  for (struct made* each = last; each != NULL; each = each->before) {
    unsigned char pages[MIB / 4096];
    int fd = open(each->path, O_RDONLY | O_CLOEXEC);
    void* view = mmap(NULL, MIB, PROT_READ, MAP_SHARED, fd, 0);
    if (view != MAP_FAILED && mincore(view, MIB, pages) == 0)
      for (size_t page = 0; page < sizeof pages; page++) cached += pages[page] & 1 ? 4096 : 0;
    munmap(view, MIB);
    close(fd);
  }
  for (; last != NULL; last = last->before) unlink(last->path);
  return held >= bytes && (!is_cached || cached >= bytes);
}

static void files_in_memory(void) {
  if (fills(TOO_MUCH, true, false)) worked();
}

static void page_cache(void) {
  if (fills(TOO_MUCH, false, true)) worked();
}

static void system_v(void) {
  int segment = shmget(IPC_PRIVATE, TOO_MUCH, 0600);
  if (segment < 0) return;
  void* memory = shmat(segment, NULL, 0);
  // It goes with the last process that has it.
  shmctl(segment, IPC_RMID, NULL);
  if (memory != (void*)-1 && keeps(memory, TOO_MUCH)) worked();
}

static void memory_without_a_name(void) {
  size_t held = 0;
  while (held < TOO_MUCH) {
    int fd = memfd_create("attack", MFD_CLOEXEC);
    if (fd < 0 || write(fd, block, MIB) != MIB || write(fd, block, MIB) != MIB) return;
    held += 2 * MIB;
  }
  worked();
}

static bool pipes_of_one(void) {
  for (int number = 0; number < 14; number++) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0 || fcntl(ends[1], F_SETPIPE_SZ, MIB) < MIB) return false;
    if (write(ends[1], block, MIB) != MIB) return false;
  }
  return true;
}
static void pipes(void) { together(4, pipes_of_one); }

static void netlink(void) {
  for (size_t held = 0; held < TOO_MUCH;) {
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    socklen_t length = sizeof address;
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK), size = 4 * MIB;
    if (fd < 0 || bind(fd, (struct sockaddr*)&address, sizeof address) != 0) return;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    getsockname(fd, (struct sockaddr*)&address, &length);
    while (held < TOO_MUCH && sendto(fd, block, 60000, MSG_DONTWAIT, (struct sockaddr*)&address, length) == 60000)
      held += 60000;
  }
  worked();
}

static void packets(void) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct tpacket_req ring = {
      .tp_block_size = MIB, .tp_block_nr = TOO_MUCH / MIB, .tp_frame_size = 2048, .tp_frame_nr = TOO_MUCH / 2048};
  if (fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) == 0) worked();
}

// Twice what a user may lock where nobody has set a limit.
static void locked(void) {
  void* memory = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED && mlock(memory, 16 * MIB) == 0) worked();
}

const struct attack memory_attacks[] = {{"anonymous", anonymous},
                                        {"many-processes", many_processes},
                                        {"files-in-memory", files_in_memory},
                                        {"system-v-memory", system_v},
                                        {"memfd", memory_without_a_name},
                                        {"pipes", pipes},
                                        {"page-cache", page_cache},
                                        {"netlink", netlink},
                                        {"packets", packets},
                                        {"locked", locked},
                                        {NULL, NULL}};

// To reach what others outside listen on, keep or are named by.
#include <arpa/inet.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "attack.h"

// Whoever listens outside sees the mark.
static void tell(int domain, const void* address, socklen_t length) {
  int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const char* mark = given("mark");
  if (fd < 0 || connect(fd, address, length) != 0 || write(fd, mark, strlen(mark)) < 0) return;
  close(fd);
}

static void tcp(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(given_number("port"))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  tell(AF_INET, &address, sizeof address);
}

static void unix_socket(const char* name, bool is_abstract) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  if (length + 2 > sizeof address.sun_path) return;
  memcpy(address.sun_path + is_abstract, name, length);
  tell(AF_UNIX, &address, offsetof(struct sockaddr_un, sun_path) + length + 1);
  // Node 20 takes the zeros that fill up an abstract address for a part of the name.
  if (is_abstract) tell(AF_UNIX, &address, sizeof address);
}

static void abstract(void) { unix_socket(given("name"), true); }
static void named(void) { unix_socket(given("socket"), false); }

static void read_system_v(void) {
  int segment = shmget(given_number("key"), 0, 0);
  char* memory = segment < 0 ? (void*)-1 : shmat(segment, NULL, SHM_RDONLY);
  if (memory != (void*)-1) puts(memory);
  fflush(stdout);
}

static void leave_system_v(void) { shmget(given_number("left-key"), 4096, IPC_CREAT | 0600); }

static void read_key(void) {
  char text[64] = "";
  long key = syscall(SYS_keyctl, 10, -4, "user", given("name"), 0);
  if (key > 0 && syscall(SYS_keyctl, 11, key, text, sizeof text - 1) > 0) puts(text);
  fflush(stdout);
}

// To the one that it has.
static void host_name(void) {
  char name[65] = "", space[64] = "";
  gethostname(name, sizeof name - 1);
  if (sethostname(name, strlen(name)) != 0 || readlink("/proc/self/ns/uts", space, sizeof space - 1) < 0) return;
  if (strcmp(space, given("uts")) == 0) worked();
}

static void leave_cgroup(void) {
  char line[400], path[900];
  FILE* lines = fopen("/proc/self/cgroup", "re");
  if (lines == NULL) return;
  const char* const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids",
                                "/sys/fs/cgroup/unified", NULL};
  while (fgets(line, sizeof line, lines) != NULL) {
    char* own = strrchr(line, ':') + 1;
    own[strcspn(own, "\n")] = '\0';
    for (const char* const* each = mounts; *each != NULL; each++) {
      snprintf(path, sizeof path, "%s%s/%s", *each, strcmp(own, "/") == 0 ? "" : own, given("mark"));
      mkdir(path, 0700);
    }
  }
  fclose(lines);
}

const struct attack neighbour_attacks[] = {{"tcp", tcp},
                                           {"abstract-socket", abstract},
                                           {"named-socket", named},
                                           {"read-system-v", read_system_v},
                                           {"read-key", read_key},
                                           {"host-name", host_name},
                                           {"leave-system-v", leave_system_v},
                                           {"leave-cgroup-behind", leave_cgroup},
                                           {NULL, NULL}};

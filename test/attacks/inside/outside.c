// What the harness runs outside of any sandbox: what is attacked, and a terminal.
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <termios.h>
#include "attack.h"

// Says where in its memory the secret is that its environment has.
int be_victim(void) {
  char* secret = strdup(getenv("SECRET"));
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  printf("%ld\n", (long)secret);
  fflush(stdout);
  pause();
  return 0;
}

// A System V segment and a key of this user, which stay until they are removed.
int plant(void) {
  if (*given("remove") != '\0') {
    int segment = shmget(given_number("key"), 0, 0);
    if (segment >= 0) shmctl(segment, IPC_RMID, NULL);
    long key = syscall(SYS_keyctl, 10, -4, "user", given("name"), 0);
    if (key > 0) syscall(SYS_keyctl, 9, key, -4);
    return 0;
  }
  const char* secret = getenv("SECRET");
  int segment = shmget(given_number("key"), 4096, IPC_CREAT | 0600);
  char* memory = segment < 0 ? (void*)-1 : shmat(segment, NULL, 0);
  if (memory == (void*)-1) return 1;
  strcpy(memory, secret);
  // Where the kernel has no keys, that attack is not seen to work.
  syscall(SYS_add_key, "user", given("name"), secret, strlen(secret), -4);
  return 0;
}

// Runs a command whose stdin and controlling terminal is a new one, and looks what is typed there when it has ended.
int on_a_terminal(char** command) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status = 0;
  char text[100] = "";
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return 9;
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;
  tcgetattr(slave, &settings);
  settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  settings.c_cc[VMIN] = 0;
  tcsetattr(slave, TCSANOW, &settings);
  if (fork() == 0) {
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    dup2(slave, 0);
    execvp(command[0], command);
    _exit(127);
  }
  wait(&status);
  if (read(slave, text, sizeof text - 1) > 0 && strstr(text, "typed") != NULL) worked();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

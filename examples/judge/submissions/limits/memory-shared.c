// Verdict: memory limit: cause limit
// Memory of System V, which belongs to no process.
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

int main(void) {
  for (;;) memset(shmat(shmget(IPC_PRIVATE, 1 << 20, 0600), 0, 0), 1, 1 << 20);
}

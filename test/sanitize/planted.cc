// Errors on purpose, to see that each kind of build finds them, in each binary: the file `planted` beside the build
// says which, and where. The file and not the environment, which the guardian has none of.
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>

namespace {

volatile int sink;
int shared_by_threads;

// The compiler must not see through it, or it leaves the error out.
int* volatile held;

void OverflowHeap() {
  held = static_cast<int*>(malloc(4 * sizeof(int)));  // NOLINT(cppcoreguidelines-no-malloc)
  held[4] = 1;
}

void UseAfterFree() {
  held = static_cast<int*>(malloc(sizeof(int)));  // NOLINT(cppcoreguidelines-no-malloc)
  free(held);                                     // NOLINT(cppcoreguidelines-no-malloc)
  sink = *held;
}

void OverflowSigned() {
  sink = INT_MAX;
  sink = sink + 1;
}

void* Count(void* /*unused*/) {
  for (int i = 0; i < 1000; ++i) {
    shared_by_threads += 1;
    sched_yield();
  }
  return nullptr;
}

void Race() {
  pthread_t threads[2];
  for (pthread_t& thread : threads) pthread_create(&thread, nullptr, Count, nullptr);
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

struct Planted {
  const char* name;
  void (*run)();
};

constexpr Planted kPlanted[] = {
    {MEMCAGE_PLANTED_IN " heap-overflow", OverflowHeap},
    {MEMCAGE_PLANTED_IN " use-after-free", UseAfterFree},
    {MEMCAGE_PLANTED_IN " signed-overflow", OverflowSigned},
    {MEMCAGE_PLANTED_IN " race", Race},
    // In the guardian, which is the fork of a launcher that ends.
    {MEMCAGE_PLANTED_IN " forked-heap-overflow", [] { pthread_atfork(nullptr, nullptr, OverflowHeap); }},
};

__attribute__((constructor)) void RunPlanted() {
  char name[64] = {};
  const int fd = open(MEMCAGE_PLACE "/planted", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t length = read(fd, name, sizeof(name) - 1);
  close(fd);
  if (length <= 0) return;
  for (const Planted& planted : kPlanted) {
    if (strcmp(planted.name, name) == 0) planted.run();
  }
}

}  // namespace

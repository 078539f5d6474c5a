#include "clone/vfork_stack.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace memcage {
namespace {

constexpr size_t kStackSize = 256 * 1024;

size_t PageSize() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

size_t VforkStack::size() { return kStackSize; }

int VforkStack::Ensure() {
  if (base_ != nullptr) return 0;
  const size_t guard = PageSize();
  void* stack = mmap(nullptr, guard + kStackSize, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  if (mprotect(stack, guard, PROT_NONE) < 0) {
    const int error = -errno;
    munmap(stack, guard + kStackSize);
    return error;
  }
  // A fork() of the process needs no copy.
  madvise(stack, guard + kStackSize, MADV_DONTFORK);
  mapping_ = static_cast<char*>(stack);
  base_ = mapping_ + guard;
  return 0;
}

VforkStack::~VforkStack() {
  if (mapping_ != nullptr) munmap(mapping_, PageSize() + kStackSize);
}

}  // namespace memcage

#include "sys/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace memcage {
namespace {

/** Far from where Linux puts programs, stacks and mappings. Elsewhere will do too. */
constexpr uintptr_t kHint = 0x2000'0000'0000;
/** What is kept for the next use. */
constexpr size_t kKept = size_t{64} << 10;

constexpr size_t Aligned(size_t size) {
  return (size + alignof(std::max_align_t) - 1) & ~(alignof(std::max_align_t) - 1);
}

}  // namespace

Arena::~Arena() {
  if (base_ != nullptr) munmap(base_, kSize);
}

std::byte* Arena::Take(size_t size) {
  if (base_ == nullptr && !was_refused_) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): it is a wish, and nothing is there.
    void* mapped = mmap(reinterpret_cast<void*>(kHint), kSize, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    was_refused_ = mapped == MAP_FAILED;
    if (!was_refused_) base_ = static_cast<std::byte*>(mapped);
    // A fork() of the process would copy its page tables.
    if (!was_refused_) madvise(mapped, kSize, MADV_DONTFORK);
  }
  const size_t start = Aligned(used_);
  if (base_ == nullptr || start > kSize || size > kSize - start) return nullptr;
  used_ = start + size;
  // What was given back may be anywhere below what the last user has taken.
  memset(base_ + start, 0, size);
  return base_ + start;
}

void Arena::ReleaseTo(size_t used) {
  if (used == 0 && used_ > kKept) madvise(base_ + kKept, kSize - kKept, MADV_DONTNEED);
  used_ = used;
}

}  // namespace memcage

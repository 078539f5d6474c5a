#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace memcage {

/**
 * Memory at an address that another process can have too, so that what points into it means the same there. Each thread
 * has one.
 */
class Arena {
 public:
  static constexpr size_t kSize = size_t{64} << 20;
  static Arena& OfThread() {
    static thread_local Arena arena;
    return arena;
  }
  char* Take(size_t bytes) {
    if (base_ == nullptr) {
      void* at = mmap(reinterpret_cast<void*>(0x200000000000), kSize, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      base_ = static_cast<char*>(at);
    }
    const size_t start = (used_ + 15) & ~size_t{15};
    used_ = start + bytes;
    memset(base_ + start, 0, bytes);
    return base_ + start;
  }
  [[nodiscard]] size_t used() const { return used_; }
  [[nodiscard]] char* base() const { return base_; }
  void ReleaseTo(size_t used) { used_ = used; }

 private:
  char* base_ = nullptr;
  size_t used_ = 0;
};

/** Owns what views point to, things of any types. */
class Memory {
 public:
  Memory() : mark_(Arena::OfThread().used()) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { Arena::OfThread().ReleaseTo(mark_); }
  /** Zeroed. */
  template <typename T>
  T* Allocate(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return reinterpret_cast<T*>(Arena::OfThread().Take(count * sizeof(T)));
  }
  template <typename T>
  std::span<const T> Keep(const std::vector<T>& values) {
    T* kept = Allocate<T>(values.size());
    std::copy(values.begin(), values.end(), kept);
    return {kept, values.size()};
  }
  char* Keep(std::string_view text) {
    char* kept = Allocate<char>(text.size() + 1);
    memcpy(kept, text.data(), text.size());
    return kept;
  }

 private:
  size_t mark_;
};

}  // namespace memcage

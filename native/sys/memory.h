#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sys/arena.h"

namespace memcage {

/** Owns what views point to, things of any types. It is in an arena, and beside it once that is full. */
class Memory {
 public:
  explicit Memory(Arena* arena) : arena_(arena), mark_(arena->used()) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { arena_->ReleaseTo(mark_); }

  /** Zeroed. */
  template <typename T>
  T* Allocate(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    const size_t size = count * sizeof(T);
    if (std::byte* within = arena_->Take(size)) return reinterpret_cast<T*>(within);
    beside_.push_back(std::make_unique<std::byte[]>(size));
    return reinterpret_cast<T*>(beside_.back().get());
  }
  template <typename T>
  std::span<const T> Keep(std::span<const T> values) {
    T* kept = Allocate<T>(values.size());
    std::copy(values.begin(), values.end(), kept);
    return {kept, values.size()};
  }
  char* Keep(std::string_view text) {
    char* kept = Allocate<char>(text.size() + 1);
    memcpy(kept, text.data(), text.size());
    return kept;
  }

  /** Whether all of it is in the arena. */
  [[nodiscard]] bool IsWithin() const { return beside_.empty(); }
  [[nodiscard]] Arena& arena() { return *arena_; }

 private:
  Arena* arena_;
  size_t mark_;
  std::vector<std::unique_ptr<std::byte[]>> beside_;
};

}  // namespace memcage

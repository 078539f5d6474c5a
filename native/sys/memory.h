#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace memcage {

/** Owns what views point to, things of any types. */
class Memory {
 public:
  /** Zeroed. */
  template <typename T>
  T* Allocate(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    blocks_.push_back(std::make_unique<std::byte[]>(count * sizeof(T)));
    return reinterpret_cast<T*>(blocks_.back().get());
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
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace memcage

#pragma once

#include <cstddef>

namespace memcage {

/**
 * Memory at an address that another process can most likely have as well: what points into it then means the same in
 * both. What was taken last is given back first. Its first page is touched with its first use.
 */
class Arena {
 public:
  /** More than exec takes as arguments and environment: 6 MiB. */
  static constexpr size_t kSize = size_t{16} << 20;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /** Zeroed, for any type; nullptr if there is no room. */
  std::byte* Take(size_t size);
  void ReleaseTo(size_t used);

  [[nodiscard]] std::byte* base() const { return base_; }
  [[nodiscard]] size_t used() const { return used_; }

 private:
  std::byte* base_ = nullptr;
  bool was_refused_ = false;
  size_t used_ = 0;
};

}  // namespace memcage

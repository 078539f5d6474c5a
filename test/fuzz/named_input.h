#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "input.h"

namespace fuzz {

/** FNV-1a, mixed at its end so that each bit depends on all. */
inline uint64_t Hash(std::string_view text, uint64_t seed) {
  uint64_t hash = 0xcbf29ce484222325 ^ seed * 0x9e3779b97f4a7c15;
  for (const char one : text) hash = (hash ^ static_cast<uint8_t>(one)) * 0x100000001b3;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
  return hash ^ hash >> 32;
}

/**
 * An input of some calls. What it says of a name begins where the hash of the name points to in the bytes of the call:
 * it stays the same whatever else is asked for, and in whatever order.
 */
class NamedInput {
 public:
  NamedInput(const uint8_t* data, size_t size) : bytes_(data, data + std::min(size, kMostSize)) {
    // The first bytes say where all else is, so that no two names have the same place in all inputs, and what is past
    // the end, a third of it not zero: so a short input, too, says something of some options and nothing of most.
    for (size_t i = 0; i < kSaltSize; ++i) salt_ = salt_ << 8 | (i < size ? data[i] : 0);
    while (bytes_.size() < kMostSize) {
      const uint64_t random = Hash({}, salt_ << 16 | bytes_.size());
      bytes_.push_back(random % 3 == 0 ? random >> 8 & 0xff : 0);
    }
    BeginCall(0);
  }

  static constexpr size_t kCalls = 4;
  void BeginCall(size_t number) {
    start_ = kSaltSize + number * kCallSize;
    asked_ = 0;
    said_.clear();
  }
  /** What it says of a name: the first time from the beginning, then what follows. */
  Input& Of(const std::string& name) {
    asked_ += 1;
    const auto [found, is_new] = said_.try_emplace(name);
    if (is_new) {
      const size_t place = start_ + Hash(name, salt_) % kCallSize;
      found->second = Input(bytes_.data() + place, bytes_.size() - place);
    }
    return found->second;
  }
  /** Whether a call has asked so much that it may be in a loop. */
  [[nodiscard]] bool is_spent() const { return asked_ > 2000; }

 private:
  static constexpr size_t kSaltSize = 2;
  static constexpr size_t kCallSize = 64;
  static constexpr size_t kMostSize = kSaltSize + kCalls * kCallSize;
  std::vector<uint8_t> bytes_;
  uint64_t salt_ = 0;
  size_t start_ = 0;
  size_t asked_ = 0;
  std::unordered_map<std::string, Input> said_;
};

}  // namespace fuzz

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace fuzz {

/** The bytes of one input, taken one after another. At their end it has zeros. */
class Input {
 public:
  Input() = default;
  Input(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - at_); }
  uint8_t Byte() { return at_ == end_ ? 0 : *at_++; }
  /** Less than `count`. */
  size_t Below(size_t count) { return Byte() % count; }
  uint64_t Number() {
    uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | Byte();
    return number;
  }
  /** At most as many bytes as are left. */
  std::string Text(size_t length) {
    const size_t taken = length < left() ? length : left();
    std::string text(reinterpret_cast<const char*>(at_), taken);
    at_ += taken;
    return text;
  }
  /** The bytes up to `end` or the end of the input, without `end`. */
  std::string Until(char end) {
    std::string text;
    while (at_ != end_ && *at_ != static_cast<uint8_t>(end)) text.push_back(static_cast<char>(*at_++));
    if (at_ != end_) ++at_;
    return text;
  }
  std::string Rest() { return Text(left()); }

 private:
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
};

/** A property that must hold for each input. libFuzzer keeps the input for which it does not. */
inline void Require(bool holds, const char* property) {
  if (holds) return;
  (void)fprintf(stderr, "BROKEN PROPERTY: %s\n", property);
  abort();
}

}  // namespace fuzz

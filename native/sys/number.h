#pragma once

#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

namespace memcage::sys {

/**
 * The decimal number that a text begins with, after blanks; 0 if there is none, and the most of T if it is more. Not
 * strtol(3): since C23, glibc's headers turn it into a symbol of glibc 2.38.
 */
template <typename T>
T LeadingNumber(const char* text) {
  text += strspn(text, " \t");
  T number = 0;
  const auto [rest, failure] = std::from_chars(text, text + strlen(text), number);
  if (failure == std::errc::result_out_of_range && *text != '-') return std::numeric_limits<T>::max();
  return number;
}

}  // namespace memcage::sys

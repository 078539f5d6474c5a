#pragma once

#include <charconv>
#include <cstring>

namespace memcage::sys {

/**
 * The decimal number that a text begins with, after blanks; 0 if there is none. Not strtol(3): since C23, glibc's
 * headers turn it into a symbol of glibc 2.38.
 */
template <typename T>
T LeadingNumber(const char* text) {
  text += strspn(text, " \t");
  T number = 0;
  std::from_chars(text, text + strlen(text), number);
  return number;
}

}  // namespace memcage::sys

#pragma once

#include <string>
#include <vector>

namespace memcage::sys {

/** The strings as exec takes them, with a null pointer at the end. */
inline std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace memcage::sys

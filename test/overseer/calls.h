#pragma once

#include <string>
#include <vector>

namespace memcage::overseer {

/** What a call's first word of meaning is, for a reader of the log. */
enum class Subject { kNone, kNumber, kFd, kPath };

struct Call {
  const char* name;
  int number;
  Subject subject;
  /** The argument that has it. */
  int argument;
};

/** Null: a call that no part of memcage makes. */
const Call* FindCall(const std::string& name);
std::string NameOf(int number);
const Call* CallOf(int number);

/** All that have a name here. */
std::vector<int> AllNumbers();

}  // namespace memcage::overseer

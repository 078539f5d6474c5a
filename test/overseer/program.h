#pragma once

#include <sys/types.h>

#include <vector>

#include "../../native/sys/unique_fd.h"

namespace memcage::overseer {

struct Program {
  pid_t pid = -1;
  /** Where the kernel tells of the calls of the program and all that it starts. */
  UniqueFd listener;
};

/** Starts the program with its arguments. No listener: it could not be started, and stderr says why. */
Program StartProgram(char** arguments, const std::vector<int>& calls);

}  // namespace memcage::overseer

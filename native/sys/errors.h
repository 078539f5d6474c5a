#pragma once

#include <string>

namespace memcage {

/** A system call that the kernel refused. */
struct SystemError {
  /** Negative errno. */
  int error = 0;
  const char* syscall = "";
  std::string path;
};

/** Symbolic name of an errno, for example "EACCES". */
const char* ErrnoName(int positive_errno);

}  // namespace memcage

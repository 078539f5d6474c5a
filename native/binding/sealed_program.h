#pragma once

#include <string>

#include "sys/unique_fd.h"

namespace memcage {

/**
 * A sealed copy of the launcher, in memory, for all inits that the environment starts: a program that is root could
 * write to its file (native/launcher/sealed.h), and an init that copies itself takes twice as long, and the memory of
 * its cage.
 */
class SealedProgram {
 public:
  /** An fd of it; -1 where there is none, as before Linux 6.3: one program could keep all others from being executed.
   */
  int Get(const std::string& file);
  /** Forgets it: `Get` makes another. */
  void Drop() { fd_.Reset(); }

 private:
  UniqueFd fd_;
  std::string file_;
  bool is_refused_ = false;
};

}  // namespace memcage

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/unique_fd.h"

namespace memcage {

/** A program such as newuidmap(1), which is run as `file PID args...`. */
struct IdMapProgram {
  std::string file;
  std::vector<std::string> args;
};

/**
 * Has setuid programs write the id maps of a child, which asks for them and waits. They talk through a socket pair,
 * since its end tells each side that the other is gone, for whatever reason.
 */
class IdMapper {
 public:
  /** Returns 0 or a negative errno. */
  [[nodiscard]] int Open();

  [[nodiscard]] int child_end() const { return child_end_.get(); }
  /** Readable when the child asks. -1 if it need not. */
  [[nodiscard]] int parent_end() const { return parent_end_.get(); }

  /**
   * Runs the programs one after another, and answers the child. If one still runs at the child's end, or at the
   * deadline, it is killed, the child is not answered, and this returns false.
   *
   * @param child_ended is readable when the child has ended
   */
  [[nodiscard]] bool Answer(const std::vector<IdMapProgram>& programs, pid_t child, int child_ended,
                            int64_t deadline_ns);

  /** What failed. */
  [[nodiscard]] int error() const { return error_; }
  /** The call; empty: a program ended with a status that says so. */
  [[nodiscard]] const char* syscall() const { return syscall_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }
  /** What the failed program wrote to its standard error, without trailing white space. */
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  [[nodiscard]] bool RunProgram(const IdMapProgram& program, const std::string& pid, int child_ended,
                                int64_t deadline_ns);
  bool Fail(int error, const char* syscall, const std::string& subject);

  UniqueFd parent_end_;
  UniqueFd child_end_;
  int error_ = 0;
  const char* syscall_ = "";
  std::string subject_;
  std::string output_;
};

}  // namespace memcage

#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <functional>
#include <mutex>
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
 * Has setuid programs write the id maps of a child while CLONE_VFORK suspends the thread that made the child. A
 * separate thread waits for the child to ask, runs the programs one after another, and answers. They talk through a
 * socket pair, since its end tells each side that the other is gone, for whatever reason.
 */
class IdMapper {
 public:
  IdMapper() = default;
  IdMapper(const IdMapper&) = delete;
  IdMapper& operator=(const IdMapper&) = delete;
  ~IdMapper() { Finish(); }

  /** `pidfd` is asked once the child runs. Returns whether it could start. */
  [[nodiscard]] bool Start(const std::vector<IdMapProgram>& programs, std::function<int()> pidfd);

  /** The child's end; and the parent's, which the child must not keep open. */
  [[nodiscard]] int child_end() const { return child_end_.get(); }
  [[nodiscard]] int parent_end() const { return parent_end_.get(); }

  /** Call it when the child has reached exec or is gone. It kills a program that still runs, and ends the thread. */
  void Finish();

  /** After Start() or Finish(): what failed. */
  [[nodiscard]] int error() const { return error_; }
  /** The call; empty: a program ended with a status that says so. */
  [[nodiscard]] const char* syscall() const { return syscall_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }
  /** What the failed program wrote to its standard error, without trailing white space. */
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  void Run();
  [[nodiscard]] bool MapIds();
  [[nodiscard]] bool RunProgram(const IdMapProgram& program, const std::string& pid);
  [[nodiscard]] int Spawn(const IdMapProgram& program, const std::string& pid, int output);
  [[nodiscard]] bool Fail(int error, const char* syscall, const std::string& subject);

  const std::vector<IdMapProgram>* programs_ = nullptr;
  std::function<int()> pidfd_;
  UniqueFd parent_end_;
  UniqueFd child_end_;
  pthread_t thread_{};
  bool started_ = false;
  int error_ = 0;
  const char* syscall_ = "";
  std::string subject_;
  std::string output_;

  std::mutex mutex_;
  /** The program that runs. It is not reaped while the mutex is held, so nobody else can have its pid. */
  pid_t running_ = 0;
  bool finished_ = false;
};

}  // namespace memcage

#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <mutex>
#include <string>
#include <vector>

#include "sys/unique_fd.h"

namespace memcage {

/** A program such as newuidmap(1): run as `file PID args...`. */
struct IdMapProgram {
  std::string file;
  std::vector<std::string> args;
};

/**
 * Has the id maps of a child written by setuid programs, while the thread that made the child is suspended by
 * CLONE_VFORK: a thread of its own waits for the child to ask, runs them one after another, and answers. A socket pair,
 * since its end tells each side that the other is gone, however that came about.
 */
class IdMapper {
 public:
  IdMapper() = default;
  IdMapper(const IdMapper&) = delete;
  IdMapper& operator=(const IdMapper&) = delete;
  ~IdMapper() { Finish(); }

  /** `pidfd` is written by the kernel before the child runs. 0 or a negative errno. */
  int Start(const std::vector<IdMapProgram>& programs, const volatile int* pidfd);

  /** The child's end, and ours, which the child must not keep open. */
  [[nodiscard]] int child_end() const { return child_end_.get(); }
  [[nodiscard]] int parent_end() const { return parent_end_.get(); }

  /** To be called when the child has reached exec or is gone: a program that still runs is killed, the thread ended. */
  void Finish();

  /** After Finish(): what failed. */
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }
  /** What the failed program wrote to its standard error, without the white space at its end. */
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  void Run();
  [[nodiscard]] bool MapIds();
  [[nodiscard]] bool RunProgram(const IdMapProgram& program, const std::string& pid);
  [[nodiscard]] int Spawn(const IdMapProgram& program, const std::string& pid, int output);
  [[nodiscard]] bool Fail(int error, const std::string& subject);

  const std::vector<IdMapProgram>* programs_ = nullptr;
  const volatile int* pidfd_ = nullptr;
  UniqueFd parent_end_;
  UniqueFd child_end_;
  pthread_t thread_{};
  bool started_ = false;
  int error_ = 0;
  std::string subject_;
  std::string output_;

  std::mutex mutex_;
  /** Not reaped while the mutex is held, so that its pid is not another's. */
  pid_t running_ = 0;
  bool finished_ = false;
};

}  // namespace memcage

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clone/child_starter.h"
#include "starter/id_mapper.h"
#include "starter/likeness.h"
#include "starter/protocol.h"
#include "sys/memory.h"
#include "sys/unique_fd.h"

namespace memcage {

/**
 * Starts children through a starter: a memcage-exec that belongs to the calling thread, and ends with it. It is made at
 * the first start, and anew if it has died or is not as this thread is any more.
 */
class Starter {
 public:
  explicit Starter(ChildStarter* own) : own_(own) {}
  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;
  ~Starter();

  /**
   * Like ChildStarter::Start().
   *
   * @param id_map_programs write the child's id maps, in place of `plan.uid_map`
   * @param memory owns all that `start` points to. Its arena is what the starter is told.
   * @param executable memcage-exec
   */
  Expected<pid_t, CloneFailure> Start(ChildStart& start, const std::vector<IdMapProgram>& id_map_programs,
                                      Memory* memory, const std::string& executable, UniqueFd* pidfd);

  /** Kills it. A child that it has cloned lives on. */
  void End();

 private:
  [[nodiscard]] std::optional<CloneFailure> Ensure(const std::string& executable);
  [[nodiscard]] std::optional<CloneFailure> Make(const std::string& executable);
  void Unmap();
  /** Returns 0 or a negative errno. */
  [[nodiscard]] int Send(const Arena& arena, const starter::ChildOrder& order, const std::vector<int>& fds);
  /** Whether it has replied. If not, it has died or does nothing. */
  [[nodiscard]] bool Await(const ChildStart& start, const std::vector<IdMapProgram>& id_map_programs,
                           IdMapper* id_mapper, bool* was_killed);
  /** Of the child that it has cloned for the last order; 0 if there is none. */
  [[nodiscard]] pid_t Pid() const;
  /** What the page says that has failed. */
  [[nodiscard]] CloneFailure Failure(const std::vector<int>& fds) const;

  ChildStarter* own_;
  UniqueFd socket_;
  UniqueFd pidfd_;
  pid_t pid_ = 0;
  starter::Page* page_ = nullptr;
  LikenessFiles files_;
  Likeness likeness_;
};

}  // namespace memcage

#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "holds.h"
#include "loop_fds.h"
#include "program.h"
#include "rules.h"
#include "tasks.h"

namespace memcage::overseer {

struct Settings {
  std::vector<Rule> rules;
  /** The log says what each call is about. */
  bool details = false;
  /** All that the program does is in a window. */
  bool always = false;
  int log_fd = -1;
  int timeout_ms = 20'000;
  /** How long what the program has left may take to end. */
  int grace_ms = 1000;
  /** How long a call is held: a race that does not come about must not become a hang, and on a busy machine takes its
   * time. */
  int hold_ms = 5000;
  /** When a guardian or starter that was stopped goes on, after the end of the program. */
  int continue_ms = 100;
};

/** Looks at the calls of a program and all that it starts, counts them, and carries out the rules. */
class Overseer {
 public:
  Overseer(Settings settings, Program program);
  Overseer(const Overseer&) = delete;
  Overseer& operator=(const Overseer&) = delete;
  ~Overseer() = default;

  /** Returns when nothing of the program is left, or it is over, with the program's status as a shell has it. */
  int Run(const volatile std::sig_atomic_t* is_over);

 private:
  void Serve();
  void Look(const seccomp_notif& call);
  bool IsMark(const seccomp_notif& call);
  void Count(const seccomp_notif& call, Role role);
  /** Says once of each of those whom a rule can strike when it has ended. */
  void NoteGone();
  void Obey(const Rule& rule, const seccomp_notif& call, bool* is_answered);
  /** False if none of those whom the rule names is alive. */
  bool Strike(const Rule& rule);
  /** False if the caller has been killed. */
  [[nodiscard]] bool IsWaiting(uint64_t id) const;
  void Answer(uint64_t id, int error, int64_t value, bool goes_on);
  void Reap();
  void ReportHang();
  void ReportLeft();
  void Log(const std::vector<std::string>& words);
  [[nodiscard]] std::string About(const seccomp_notif& call) const;

  Settings settings_;
  Program program_;
  Tasks tasks_;
  LoopFds loop_fds_;
  bool is_open_ = false;
  std::map<std::pair<Role, int>, int> counts_;
  Holds holds_;
  bool has_ended_ = false;
  bool is_alone_ = false;
  std::vector<pid_t> stopped_;
  std::set<pid_t> gone_;
  bool has_continued_ = false;
  int status_ = 0;
  int64_t ended_ms_ = 0;
};

}  // namespace memcage::overseer

#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace memcage::overseer {

/** What a part of memcage a call comes from. */
enum class Role {
  /** The thread that has opened the window. */
  kParent,
  /** The addon's thread that waits. */
  kWatcher,
  /** Between clone and exec. */
  kChild,
  kLauncher,
  /** A launcher that has forked, and now sees to its child. */
  kInit,
  kGuardian,
  /** Clones children for the process. */
  kStarter,
  /** What the child became, and all else: not memcage. */
  kOther,
};

const char* NameOf(Role role);
/** False if there is none of that name. */
bool FindRole(const std::string& name, Role* role);

/** A program that a part of memcage has become. */
struct Execution {
  pid_t pid;
  Role before;
  std::string program;
  std::string cgroups;
};

/** Who is who. */
class Tasks {
 public:
  explicit Tasks(pid_t root) : root_(root) {}

  /** Whose call this is. Adds to `executions` if it is the first one of another program. */
  Role Of(const seccomp_notif& call, std::vector<Execution>* executions);
  /** This thread opens windows. */
  void Open(pid_t thread) { opener_ = thread; }

  /** Adds this process to those of its role, unless it is known. */
  void NoteBegun(Role role, pid_t thread);
  /** The nth process that was one of this role, or 0. */
  [[nodiscard]] pid_t Begun(Role role, int nth) const;

  [[nodiscard]] pid_t root() const { return root_; }
  /** The guardian's pid, or 0. */
  [[nodiscard]] pid_t guardian() const { return guardian_; }
  /** The pid of the newest starter, or 0. */
  [[nodiscard]] pid_t starter() const { return starter_; }

 private:
  struct Process {
    Role role;
    /** The address space of the program that called exec; empty: it did not. */
    std::string before_exec;
    /** A launcher whose child has made no call yet. */
    bool has_cloned;
  };

  pid_t ProcessOf(pid_t thread);
  Role OfThread(const seccomp_notif& call);
  Process& Find(pid_t process, const seccomp_notif& call);
  Role ByProgram(pid_t process, Role otherwise);

  pid_t root_;
  pid_t opener_ = 0;
  pid_t guardian_ = 0;
  pid_t starter_ = 0;
  std::map<pid_t, pid_t> process_of_;
  std::map<pid_t, Role> threads_;
  std::map<pid_t, Process> processes_;
  std::map<Role, std::vector<pid_t>> begun_;
};

}  // namespace memcage::overseer

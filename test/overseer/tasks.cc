#include "tasks.h"

#include <sys/prctl.h>

#include <algorithm>

#include "../../native/sys/syscall_numbers.h"
#include "proc.h"

namespace memcage::overseer {
namespace {

constexpr const char* kNames[] = {"parent", "watcher", "child", "launcher", "init", "guardian", "starter", "other"};

bool IsExec(int call) { return call == SYS_execve || call == SYS_execveat; }

bool IsClone(int call) { return call == SYS_clone || call == SYS_clone3; }

/** The first that a starter makes for a child. A child of it, which has its memory until exec, makes none of these. */
bool IsOfStarter(int call) { return call == SYS_recvmsg || call == SYS_recvfrom || IsClone(call); }

bool Has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

const char* NameOf(Role role) { return kNames[static_cast<int>(role)]; }

bool FindRole(const std::string& name, Role* role) {
  for (int i = 0; i <= static_cast<int>(Role::kOther); ++i) {
    if (name != kNames[i]) continue;
    *role = static_cast<Role>(i);
    return true;
  }
  return false;
}

Role Tasks::Of(const seccomp_notif& call, std::vector<Execution>* executions) {
  const auto pid = static_cast<pid_t>(call.pid);
  const pid_t process = ProcessOf(pid);
  if (process == root_) return OfThread(call);
  Process& found = Find(process, call);
  // Whichever of the two makes a call first.
  if (found.has_cloned && HasChild(process)) found.role = Role::kInit;
  if (found.role == Role::kLauncher && IsClone(call.data.nr)) found.has_cloned = true;
  if (found.before_exec.empty() && !IsExec(call.data.nr)) return found.role;
  // The auxiliary vector says where the program is loaded, which differs from one exec to the next. Who has been killed
  // meanwhile has none, and runs nothing any more.
  const std::string now = ReadProc(process, "auxv");
  if (now.empty()) return found.role;
  if (!found.before_exec.empty() && found.before_exec != now) {
    const Role before = found.role;
    found.role = ByProgram(process, Role::kOther);
    if (found.role == Role::kStarter) {
      starter_ = process;
      // What has become the starter was no child of an operation.
      std::erase(begun_[before], process);
    }
    found.before_exec.clear();
    if (before != Role::kOther) {
      executions->push_back({process, before, ReadProcLink(process, "exe"), ReadProc(process, "cgroup")});
    }
  }
  if (IsExec(call.data.nr)) found.before_exec = now;
  return found.role;
}

void Tasks::NoteBegun(Role role, pid_t thread) {
  const pid_t process = ProcessOf(thread);
  std::vector<pid_t>& begun = begun_[role];
  if (std::find(begun.begin(), begun.end(), process) == begun.end()) begun.push_back(process);
}

pid_t Tasks::Begun(Role role, int nth) const {
  const auto begun = begun_.find(role);
  const auto index = static_cast<size_t>(nth - 1);
  return begun != begun_.end() && index < begun->second.size() ? begun->second[index] : 0;
}

pid_t Tasks::ProcessOf(pid_t thread) {
  const auto known = process_of_.find(thread);
  if (known != process_of_.end()) return known->second;
  return process_of_[thread] = StatusNumber(ReadProc(thread, "status"), "Tgid");
}

Role Tasks::OfThread(const seccomp_notif& call) {
  const auto thread = static_cast<pid_t>(call.pid);
  if (thread == opener_) return Role::kParent;
  const auto known = threads_.find(thread);
  const Role role = known != threads_.end()                         ? known->second
                    : ReadProc(thread, "comm") == "memcage-watch\n" ? Role::kWatcher
                                                                    : Role::kOther;
  threads_[thread] = role;
  // It is about to get its name.
  if (call.data.nr == SYS_prctl && call.data.args[0] == PR_SET_NAME) threads_.erase(thread);
  return role;
}

Tasks::Process& Tasks::Find(pid_t process, const seccomp_notif& call) {
  const auto known = processes_.find(process);
  if (known != processes_.end()) return known->second;
  const pid_t above = StatusNumber(ReadProc(process, "status"), "PPid");
  Role role = Role::kOther;
  if (above == root_ && static_cast<pid_t>(call.pid) == process) role = Role::kChild;
  role = ByProgram(process, role);
  if (role == Role::kStarter && !IsOfStarter(call.data.nr)) role = Role::kChild;
  const auto parent = processes_.find(above);
  // Its other children are those that it adopts.
  if (parent != processes_.end() && parent->second.has_cloned) {
    role = Role::kLauncher;
    parent->second.role = Role::kInit;
    parent->second.has_cloned = false;
  }
  return processes_[process] = {role, {}, false};
}

Role Tasks::ByProgram(pid_t process, Role otherwise) {
  // An init has copied itself to memory, under the same name.
  if (!Has(ReadProcLink(process, "exe"), "memcage-exec")) return otherwise;
  const std::string words = ReadProc(process, "cmdline");
  if (Has(words, "memcage-starter")) return Role::kStarter;
  if (!Has(words, "memcage-guardian")) return Role::kLauncher;
  guardian_ = process;
  return Role::kGuardian;
}

}  // namespace memcage::overseer

#include "holds.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "../../native/sys/clock.h"
#include "proc.h"

namespace memcage::overseer {
namespace {

/** A command may start a Node. */
constexpr int kCommandPatience = 3;
constexpr int kLookMs = 20;
constexpr int kOftenMs = 1;
constexpr int kCannotExecute = 127;

int64_t NowMs() { return sys::MonotonicNs() / 1'000'000; }

/** Not below the program, so that nothing of it is overseen. */
pid_t Start(const std::string& command, pid_t caller) {
  const std::string pid = std::to_string(caller);
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  setenv("CALLER", pid.c_str(), 1);
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  // Not exit(), which would write what the overseer has not written yet of its log a second time.
  _exit(kCannotExecute);
}

/** Whether it is in another call by now, in none, or gone. What runs may still be in this one. */
bool HasReturned(pid_t thread, int number) {
  const std::string now = ReadProc(thread, "syscall");
  if (now.empty()) return true;
  return !now.starts_with("running") && atoi(now.c_str()) != number;
}

}  // namespace

Holds::Holds(const Tasks& tasks, std::function<void(const std::vector<std::string>&)> log,
             std::function<void(uint64_t)> go_on, int hold_ms)
    : tasks_(tasks), hold_ms_(hold_ms), log_(std::move(log)), go_on_(std::move(go_on)) {}

bool Holds::Hold(const seccomp_notif& call, const Rule& rule) {
  const Until& until = rule.until;
  const bool is_command = until.kind == Until::Kind::kCommand;
  if (!is_command && HasCome(until)) {
    log_({"released"});
    return false;
  }
  const pid_t command = is_command ? Start(rule.command, static_cast<pid_t>(call.pid)) : 0;
  held_.push_back({call.id, &until, NowMs(), command});
  return true;
}

bool Holds::HasCome(const Until& until) const {
  if (until.kind == Until::Kind::kEnds) {
    const pid_t pid = tasks_.Begun(until.role, until.nth);
    return pid != 0 && IsDead(pid);
  }
  const bool is_under_way =
      std::any_of(made_.begin(), made_.end(), [&](const Made& made) { return made.until == &until; });
  return until.point.was_met() && !is_under_way;
}

void Holds::Reached(const Until& until, const seccomp_notif& call) {
  if (until.kind == Until::Kind::kReturns) {
    made_.push_back({&until, static_cast<pid_t>(call.pid), call.data.nr});
    return;
  }
  Release([&](const Held& held) { return held.until == &until; }, {"released"});
}

void Holds::Called(pid_t thread) {
  std::vector<const Until*> returned;
  std::erase_if(made_, [&](const Made& made) {
    if (made.thread != thread) return false;
    returned.push_back(made.until);
    return true;
  });
  for (const Until* until : returned) {
    Release([&](const Held& held) { return held.until == until; }, {"released"});
  }
}

void Holds::Ended(pid_t command, int status) {
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  Release([&](const Held& held) { return held.command == command; }, {"ran", std::to_string(code)});
}

void Holds::Look() {
  std::vector<pid_t> returned;
  for (const Made& made : made_) {
    if (HasReturned(made.thread, made.number)) returned.push_back(made.thread);
  }
  for (const pid_t thread : returned) Called(thread);
  Release([&](const Held& held) { return held.until->kind == Until::Kind::kEnds && HasCome(*held.until); },
          {"released"});
  const int64_t now = NowMs();
  Release(
      [&](const Held& held) {
        return now - held.since_ms >= (held.command == 0 ? hold_ms_ : hold_ms_ * kCommandPatience);
      },
      {"late"});
}

int Holds::look_ms() const { return held_.empty() && made_.empty() ? kLookMs : kOftenMs; }

void Holds::Release(const std::function<bool(const Held&)>& is_due, const std::vector<std::string>& line) {
  std::vector<uint64_t> due;
  std::erase_if(held_, [&](const Held& held) {
    if (!is_due(held)) return false;
    log_(line);
    due.push_back(held.id);
    return true;
  });
  for (const uint64_t id : due) {
    const auto is_same = [&](const Held& held) { return held.id == id; };
    if (std::none_of(held_.begin(), held_.end(), is_same)) go_on_(id);
  }
}

}  // namespace memcage::overseer

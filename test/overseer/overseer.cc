#include "overseer.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "../../native/sys/clock.h"
#include "../../native/sys/syscall_numbers.h"
#include "calls.h"
#include "proc.h"

namespace memcage::overseer {
namespace {

/** prctl(kMark, kOpen) and so on, of the program itself. Without an overseer the kernel refuses it. */
constexpr uint64_t kMark = 0x6d656d63;
constexpr uint64_t kOpen = 1;
constexpr uint64_t kClose = 2;

constexpr int kTimedOut = 124;
constexpr int kSignalled = 128;

int64_t NowMs() { return sys::MonotonicNs() / 1'000'000; }

std::string Line(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t' || c == '\0'; }, ' ');
  return text;
}

}  // namespace

Overseer::Overseer(Settings settings, Program program)
    : settings_(std::move(settings)),
      program_(std::move(program)),
      tasks_(program_.pid),
      is_open_(settings_.always),
      holds_(
          tasks_, [this](const std::vector<std::string>& words) { Log(words); },
          [this](uint64_t id) { Answer(id, 0, 0, true); }, settings_.hold_ms) {
  if (is_open_) tasks_.Open(program_.pid);
}

int Overseer::Run(const volatile std::sig_atomic_t* is_over) {
  const int64_t start = NowMs();
  int64_t looked_ms = start;
  Log({"start", std::to_string(program_.pid)});
  while (!is_alone_ && *is_over == 0) {
    pollfd watched{program_.listener.get(), POLLIN, 0};
    const int look_ms = holds_.look_ms();
    poll(&watched, 1, look_ms);
    if ((watched.revents & POLLIN) != 0) Serve();
    const int64_t now = NowMs();
    // There may always be a call.
    if ((watched.revents & POLLIN) != 0 && now - looked_ms < look_ms) continue;
    looked_ms = now;
    Reap();
    holds_.Look();
    if (!has_ended_ && now - start >= settings_.timeout_ms) {
      ReportHang();
      status_ = kTimedOut;
      break;
    }
    if (!has_ended_) continue;
    if (!has_continued_ && now - ended_ms_ >= settings_.continue_ms) {
      has_continued_ = true;
      for (const pid_t pid : stopped_) kill(pid, SIGCONT);
    }
    if (!is_alone_ && now - ended_ms_ >= settings_.grace_ms) {
      ReportLeft();
      break;
    }
  }
  EndDescendants();
  return status_;
}

void Overseer::Serve() {
  seccomp_notif call;
  memset(&call, 0, sizeof(call));
  // It may have been killed meanwhile.
  if (ioctl(program_.listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) return;
  Look(call);
}

void Overseer::Look(const seccomp_notif& call) {
  holds_.Called(static_cast<pid_t>(call.pid));
  if (IsMark(call)) return;
  std::vector<Execution> executions;
  const pid_t guardian = tasks_.guardian();
  const pid_t starter = tasks_.starter();
  const Role role = tasks_.Of(call, &executions);
  if (tasks_.guardian() != guardian) Log({"guardian", std::to_string(tasks_.guardian())});
  if (tasks_.starter() != starter) Log({"starter", std::to_string(tasks_.starter())});
  // Of who is killed while it is looked at, the kernel may say that it is in the root cgroup.
  if (IsWaiting(call.id)) {
    for (const Execution& one : executions) {
      Log({"exec", std::to_string(one.pid), NameOf(one.before), one.program, one.cgroups});
    }
  }
  const bool is_loop = (role == Role::kParent || role == Role::kWatcher) && loop_fds_.IsOn(call);
  if (!is_open_ || role == Role::kOther || is_loop) {
    Answer(call.id, 0, 0, true);
    return;
  }
  Count(call, role);
}

bool Overseer::IsMark(const seccomp_notif& call) {
  if (call.data.nr != SYS_prctl || call.data.args[0] != kMark) return false;
  is_open_ = call.data.args[1] == kOpen;
  if (is_open_) tasks_.Open(static_cast<pid_t>(call.pid));
  loop_fds_.Note(tasks_.root());
  if (call.data.args[1] == kClose) Log({"closed"});
  Answer(call.id, 0, 1, false);
  return true;
}

void Overseer::Count(const seccomp_notif& call, Role role) {
  tasks_.NoteBegun(role, static_cast<pid_t>(call.pid));
  NoteGone();
  const Point point{role, call.data.nr, About(call)};
  const int nth = ++counts_[{role, call.data.nr}];
  std::vector<std::string> words{"point", NameOf(role), NameOf(call.data.nr), std::to_string(nth)};
  if (settings_.details) words.push_back(point.subject);
  Log(words);
  for (Rule& rule : settings_.rules) {
    if (rule.until.point.Meets(point)) holds_.Reached(rule.until, call);
  }
  bool is_answered = false;
  for (Rule& rule : settings_.rules) {
    if (rule.point.Meets(point)) Obey(rule, call, &is_answered);
  }
  if (!is_answered) Answer(call.id, 0, 0, true);
}

void Overseer::NoteGone() {
  for (const pid_t pid : {tasks_.root(), tasks_.guardian(), tasks_.starter()}) {
    if (pid == 0 || !IsDead(pid) || !gone_.insert(pid).second) continue;
    Log({"gone", std::to_string(pid)});
  }
}

void Overseer::Obey(const Rule& rule, const seccomp_notif& call, bool* is_answered) {
  const std::string about = About(call);
  bool is_hit = true;
  switch (rule.kind) {
    case Rule::Kind::kFail:
      Answer(call.id, rule.error, 0, false);
      *is_answered = true;
      break;
    case Rule::Kind::kKill:
    case Rule::Kind::kStop:
      is_hit = Strike(rule);
      break;
    case Rule::Kind::kHold:
    case Rule::Kind::kRun:
      if (holds_.Hold(call, rule)) *is_answered = true;
      break;
  }
  Log({is_hit ? "hit" : "missed", about});
}

bool Overseer::Strike(const Rule& rule) {
  const int signal = rule.kind == Rule::Kind::kStop ? SIGSTOP : SIGKILL;
  bool is_hit = false;
  for (const Role role : rule.whom) {
    const pid_t pid = role == Role::kParent     ? tasks_.root()
                      : role == Role::kGuardian ? tasks_.guardian()
                                                : tasks_.starter();
    // A signal to a zombie would count as sent.
    if (pid == 0 || IsDead(pid) || kill(pid, signal) < 0) continue;
    is_hit = true;
    // By the time that it is to go on, a guardian may have left its work to the child that it forks.
    if (signal == SIGSTOP && role != Role::kParent) stopped_.push_back(pid);
  }
  return is_hit;
}

bool Overseer::IsWaiting(uint64_t id) const {
  return ioctl(program_.listener.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void Overseer::Answer(uint64_t id, int error, int64_t value, bool goes_on) {
  seccomp_notif_resp answer;
  memset(&answer, 0, sizeof(answer));
  answer.id = id;
  answer.error = -error;
  answer.val = value;
  answer.flags = goes_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  // This fails when the caller has been killed.
  ioctl(program_.listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

void Overseer::Reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == ECHILD) is_alone_ = true;
    if (pid <= 0) return;
    holds_.Ended(pid, status);
    if (pid != program_.pid) continue;
    has_ended_ = true;
    ended_ms_ = NowMs();
    status_ = WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
    Log({"end", std::to_string(status_)});
  }
}

void Overseer::ReportHang() {
  for (const pid_t pid : Descendants()) {
    Log({"hang", std::to_string(pid), ReadProc(pid, "cmdline"), ReadProc(pid, "syscall"), ReadProc(pid, "wchan")});
  }
}

void Overseer::ReportLeft() {
  for (const pid_t pid : Descendants()) {
    Log({"left", std::to_string(pid), ReadProc(pid, "comm"), ReadProc(pid, "cmdline"), ReadProc(pid, "cgroup")});
  }
}

void Overseer::Log(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : "\t") + Line(word);
  line += '\n';
  [[maybe_unused]] const ssize_t written = write(settings_.log_fd, line.data(), line.size());
}

std::string Overseer::About(const seccomp_notif& call) const {
  const Call* known = CallOf(call.data.nr);
  if (known == nullptr) return {};
  const auto pid = static_cast<pid_t>(call.pid);
  const uint64_t argument = call.data.args[known->argument];
  switch (known->subject) {
    case Subject::kNone:
      return {};
    case Subject::kNumber:
      return std::to_string(static_cast<int64_t>(argument));
    case Subject::kFd:
      return ReadProcLink(pid, "fd/" + std::to_string(static_cast<int>(argument)));
    case Subject::kPath:
      return ReadString(pid, argument);
  }
  return {};
}

}  // namespace memcage::overseer

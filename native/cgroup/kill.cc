#include "cgroup/kill.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "cgroup/members.h"
#include "cgroup/regain.h"
#include "sys/clock.h"
#include "sys/number.h"
#include "sys/proc_file.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage::cgroup {
namespace {

using sys::Call;
using sys::Result;
using State = Target::State;

/**
 * How long to try to stop processes that fork. The next attempt finds those that were faster. Meanwhile the event loop,
 * or the watcher's thread, stands still.
 */
constexpr int64_t kStoppingNs = 100'000'000;
/** The least number of rounds, however slow the machine is. */
constexpr int kLeastRounds = 4;
/** How often to look for what `cgroup.kill` has missed. What is new after that forks faster than it is found. */
constexpr int kMissedRounds = 3;
constexpr long kRoundPauseNs = 1'000'000;
/** How many processes are held at once before checking whether they are still members. */
constexpr size_t kBatch = 256;

constexpr int kHighestPriority = -20;

constexpr const char* kKillFile = "cgroup.kill";

struct Freezer {
  const char* file;
  const char* frozen;
  const char* thawed;
};
constexpr Freezer kFreezers[] = {{"cgroup.freeze", "1", "0"}, {"freezer.state", "FROZEN", "THAWED"}};

/**
 * Whether the file is missing: the kernel is too old, it is another hierarchy, or a threaded cgroup. EISDIR: if the
 * kernel has no such file, anyone may make a cgroup with that name.
 */
bool IsLacking(const Result& refused) { return refused == -ENOENT || refused == -EOPNOTSUPP || refused == -EISDIR; }

/**
 * Gives the calling thread priority over others, if it may (CAP_SYS_NICE): a hundred processes that fork leave a thread
 * a hundredth of the processor, and it would never catch up with them.
 */
class RaisedPriority {
 public:
  RaisedPriority() : raised_(setpriority(PRIO_PROCESS, 0, kHighestPriority) == 0) {}
  RaisedPriority(const RaisedPriority&) = delete;
  RaisedPriority& operator=(const RaisedPriority&) = delete;
  ~RaisedPriority() {
    if (raised_) setpriority(PRIO_PROCESS, 0, before_);
  }

 private:
  // For the kernel, 0 means the calling thread: setpriority(2).
  const int before_ = getpriority(PRIO_PROCESS, 0);
  const bool raised_;
};

/**
 * Whether the process has not stopped yet. It may be about to fork, even if it is only waiting for a processor. A
 * process that waits for anything else forks later, and one that is ending never does.
 */
bool IsRunning(pid_t pid) {
  constexpr unsigned long kExiting = 0x4;  // PF_EXITING of <linux/sched.h>
  constexpr int kFlags = 6;                // Fields from the state to the flags: proc_pid_stat(5).
  const sys::ProcFile stat(pid, "stat");
  // Skip the name, which may contain any characters.
  const char* at = strrchr(stat.text(), ')');
  if (at == nullptr || at[1] == '\0' || at[2] != 'R') return false;
  at += 2;
  for (int field = 0; field < kFlags && at != nullptr; ++field) at = strchr(at + 1, ' ');
  return at == nullptr || (sys::LeadingNumber<unsigned long>(at) & kExiting) == 0;
}

/**
 * Whether the first thread of a process has ended. Others may go on: `cgroup.kill` signals the first one alone, and the
 * process lives on (seen on Linux 6.18).
 */
bool IsLeaderless(pid_t pid) {
  const sys::ProcFile stat(pid, "stat");
  const char* at = strrchr(stat.text(), ')');
  return at != nullptr && at[1] == ' ' && at[2] == 'Z';
}

/** The processes found so far, by pid, and as a list. */
class Targets {
 public:
  Targets(Target* slots, size_t count) : slots_(slots), mask_(count - 1) {}
  Targets(const Targets&) = delete;
  Targets& operator=(const Targets&) = delete;
  ~Targets() {
    for (uint32_t at = first_; at != 0;) {
      Target& target = slots_[at - 1];
      at = target.next;
      if (target.pidfd >= 0) close(target.pidfd);
      target = {};
    }
  }

  /** Finds a target, or adds it; nullptr if the table is as full as it may be. */
  Target* Find(pid_t pid) {
    size_t index = static_cast<size_t>(pid) & mask_;
    for (; slots_[index].pid != 0; index = (index + 1) & mask_) {
      if (slots_[index].pid == pid) return slots_ + index;
    }
    // Searching a full table would take long.
    if (used_ >= mask_ / 4 * 3) return nullptr;
    used_ += 1;
    slots_[index] = {pid, -1, first_, State::kNew};
    first_ = static_cast<uint32_t>(index) + 1;
    return slots_ + index;
  }

  template <typename Visit>
  void ForEach(const Visit& visit) {
    for (uint32_t at = first_; at != 0; at = slots_[at - 1].next) visit(slots_[at - 1]);
  }

 private:
  Target* slots_;
  size_t mask_;
  size_t used_ = 0;
  uint32_t first_ = 0;
};

class Killing {
 public:
  Killing(int dir_fd, const KillStorage& storage)
      : dir_fd_(dir_fd), storage_(storage), targets_(storage.targets, storage.target_count) {}

  void Spare(pid_t pid) {
    if (pid <= 0) return;
    if (Target* target = targets_.Find(pid)) target->state = State::kSpared;
  }

  KillRefusal Run() {
    // This kills everything below as well, including frozen processes and those forked meanwhile.
    const KillRefusal refused{WriteRegaining(dir_fd_, kKillFile, "1"), kKillFile};
    if (refused.by == -ENODEV) return refused;
    if (refused.by >= 0) {
      // A process that could not be signalled now, for want of fds say, is there at the next attempt.
      KillMissed();
      return {};
    }
    const KillRefusal unfrozen = KillOneByOne();
    if (unfrozen.by == -ENODEV) return unfrozen;
    // Who may not write the files may still signal all, for example children of its own user. Else the first file is
    // what keeps it from killing.
    if (refusal_.by >= 0) return {};
    if (!IsLacking(refused.by)) return refused;
    return unfrozen.by < 0 ? unfrozen : refusal_;
  }

 private:
  /** Kills the processes that are {@link IsLeaderless}, whole. */
  void KillMissed() {
    for (int round = 0; round < kMissedRounds; ++round) {
      found_ = false;
      ForEachCgroup([&](int fd, bool is_top) {
        SignalMembers(fd, is_top, SIGKILL,
                      [](const Target& target) { return target.state != State::kStopped && IsLeaderless(target.pid); });
      });
      if (!found_) return;
      // What they have forked.
      WriteRegaining(dir_fd_, kKillFile, "1");
    }
    KillOneByOne();
  }

  /** Returns why they could not be frozen meanwhile, where there is a freezer. */
  KillRefusal KillOneByOne() {
    // Not its parts by name: before clang 16 no lambda can capture them.
    for (const auto& freezer : kFreezers) {
      const Result written = WriteRegaining(dir_fd_, freezer.file, freezer.frozen);
      if (IsLacking(written)) continue;
      StopThenKill();
      // A process that the v1 freezer froze takes SIGKILL only after the thaw. Each cgroup below may be frozen by
      // itself.
      if (written >= 0) {
        ForEachCgroup(
            [&](int fd, bool is_top) { Note(WriteRegaining(fd, freezer.file, freezer.thawed), is_top, freezer.file); });
      }
      return {written, freezer.file};
    }
    StopThenKill();
    return {};
  }
  /** Calls `visit(fd, is_top)`. */
  template <typename Visit>
  void ForEachCgroup(const Visit& visit) {
    const Result top = Call(SYS_openat, dir_fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (top < 0) return Note(top, true);
    Walk walk(storage_.levels, storage_.level_count, Walk::Access::kRegain);
    if (const Result refused = walk.Begin(UniqueFd(top)); refused < 0) return Note(refused, true);
    visit(walk.fd(), true);
    for (Walk::Step step = walk.Next(); step != Walk::Step::kEnd; step = walk.Next()) {
      if (step != Walk::Step::kFound) continue;
      if (const Result refused = walk.Enter(); refused < 0) {
        Note(refused, false);
      } else {
        visit(walk.fd(), false);
      }
    }
    Note(walk.error(), false);
  }

  /** Ignores that a cgroup below is gone: the payload may remove it. */
  void Note(const Result& result, bool is_top, const char* file = "") {
    if (result >= 0 || refusal_.by < 0) return;
    if (is_top || !IsGone(result)) refusal_ = {result, file};
  }

  /**
   * Stops all before it kills the first: under a limit on processes, one that dies makes room for those that fork, and
   * frees memory for which they wait.
   */
  void StopThenKill() {
    const RaisedPriority priority;
    const int64_t end = sys::MonotonicNs() + kStoppingNs;
    for (int round = 0; round < kLeastRounds || sys::MonotonicNs() < end; ++round) {
      // A fork that is under way when SIGSTOP is sent completes, so a process that was running may have a child by now.
      const bool running = StopRunning();
      const timespec pause{0, kRoundPauseNs};
      if (running) nanosleep(&pause, nullptr);
      found_ = false;
      ForEachCgroup([&](int fd, bool is_top) {
        SignalMembers(fd, is_top, SIGSTOP, [](const Target& target) { return target.state != State::kStopped; });
      });
      if (!found_ && !running) break;
    }
    KillHeld();
    // The processes that could not be held all the time.
    if (was_short_) {
      ForEachCgroup(
          [&](int fd, bool is_top) { SignalMembers(fd, is_top, SIGKILL, [](const Target&) { return true; }); });
    }
  }

  /** Whether any runs. A process that was not found yet may have continued one that was stopped. */
  bool StopRunning() {
    bool is_any = false;
    targets_.ForEach([&](const Target& target) {
      if (target.state != State::kStopped || !IsRunning(target.pid)) return;
      is_any = true;
      if (target.pidfd >= 0) Send(target, SIGSTOP);
    });
    return is_any;
  }

  void KillHeld() {
    targets_.ForEach([&](Target& target) {
      if (target.pidfd < 0) return;
      Send(target, SIGKILL);
      LetGo(target);
    });
  }

  /** Members of one cgroup that are held and wait to be signalled. */
  struct Batch {
    int dir_fd;
    int signal;
    size_t count = 0;
    Target* targets[kBatch] = {};
    /** Opened before the first is held, since no fd may be free later; read when all are held. */
    Members list = {};

    [[nodiscard]] bool CanBeChecked() {
      if (count == 0) list.Open(dir_fd);
      return !IsShortage(list.refusal());
    }
  };

  static bool IsShortage(long error) { return error == -EMFILE || error == -ENFILE; }

  /** Signals the members for which `is_meant(target)`. */
  template <typename IsMeant>
  void SignalMembers(int dir_fd, bool is_top, int signal, const IsMeant& is_meant) {
    Batch batch{dir_fd, signal};
    Members members(dir_fd);
    for (pid_t pid = members.Next(); pid != 0; pid = members.Next()) {
      Target* target = targets_.Find(pid);
      if (target == nullptr || target->pidfd >= 0 || target->state == State::kSpared) continue;
      if (!is_meant(*target)) continue;
      if (batch.count == kBatch) SignalBatch(batch);
      Hold(*target, batch);
    }
    SignalBatch(batch);
    Note(members.refusal(), is_top, "cgroup.procs");
  }

  void Hold(Target& target, Batch& batch) {
    const auto open_pidfd = [&] {
      return batch.CanBeChecked() ? Call(SYS_pidfd_open, target.pid, 0) : Result{-EMFILE};
    };
    Result fd = open_pidfd();
    if (IsShortage(fd)) {
      was_short_ = true;
      SignalBatch(batch);
      LetGoOfStopped();
      fd = open_pidfd();
    }
    if (fd >= 0) {
      found_ = true;
      target.pidfd = fd.as_int();
      target.state = State::kNew;
      batch.targets[batch.count++] = &target;
    } else if (fd != -ESRCH && fd != -EINVAL && !IsShortage(fd)) {
      // Otherwise it has ended, or there is still no fd: then the next attempt finds it.
      Note(fd, true);
    }
  }

  /** A stranger may have got the pid before it was held, so signal only processes that are still members. */
  void SignalBatch(Batch& batch) {
    if (batch.count == 0) return;
    for (pid_t pid = batch.list.Next(); pid != 0; pid = batch.list.Next()) {
      Target* target = targets_.Find(pid);
      if (target == nullptr || target->pidfd < 0 || target->state != State::kNew) continue;
      // One that may not be signalled would be waited for in vain.
      target->state = Send(*target, batch.signal) ? State::kStopped : State::kSpared;
      if (target->state == State::kSpared) LetGo(*target);
    }
    for (size_t i = 0; i < batch.count; ++i) {
      Target& target = *batch.targets[i];
      if (target.state == State::kNew || batch.signal == SIGKILL) LetGo(target);
    }
    batch.count = 0;
  }

  /** Stopped processes run nowhere. They are held again before they are killed. */
  void LetGoOfStopped() {
    targets_.ForEach([](Target& target) {
      if (target.state == State::kStopped) LetGo(target);
    });
  }

  static void LetGo(Target& target) {
    if (target.pidfd >= 0) close(target.pidfd);
    target.pidfd = -1;
  }

  /** Whether it has the signal, or has ended. */
  bool Send(const Target& target, int signal) {
    const Result sent = Call(SYS_pidfd_send_signal, target.pidfd, signal, nullptr, 0);
    if (sent >= 0 || sent == -ESRCH) return true;
    Note(sent, true);
    return false;
  }

  int dir_fd_;
  const KillStorage& storage_;
  Targets targets_;
  KillRefusal refusal_;
  /** A process was held in this round. */
  bool found_ = false;
  bool was_short_ = false;
};

}  // namespace

KillRefusal KillAll(int dir_fd, const KillStorage& storage, const pid_t* spared, size_t spared_count) {
  Killing killing(dir_fd, storage);
  for (size_t i = 0; i < spared_count; ++i) killing.Spare(spared[i]);
  return killing.Run();
}

}  // namespace memcage::cgroup

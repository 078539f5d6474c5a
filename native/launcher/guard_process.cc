#include "launcher/guard_process.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

#include "guardian/notes.h"
#include "guardian/protocol.h"
#include "launcher/end_cgroups.h"
#include "launcher/memory_kills.h"
#include "launcher/note_cages.h"
#include "launcher/owner_end.h"
#include "sys/unique_fd.h"

namespace memcage::launcher {
namespace {

using guardian::Answer;
using guardian::Kind;
using guardian::kProcessFd;
using guardian::kSocketFd;
using guardian::Message;
using guardian::Order;

/** More than a kernel can have memory cgroups (65,535), in two hierarchies. Untouched, they take no memory. */
constexpr size_t kMostCharges = 2 * 65'536;

constexpr int kFirstWaitMs = 1;
constexpr int kLongestWaitMs = 100;
/** How long to wait for the last child, which may still be joining its cage. It ends if the cage is gone. */
constexpr int64_t kLastChildMs = 100;
/** How long to wait for children without a cage, which often end with their parent. */
constexpr int64_t kOthersMs = 1000;
/** Processes that can't be killed by then, being in uninterruptible sleep, are left to the next memcage's sweep. */
constexpr int64_t kPatienceMs = 60'000;

constexpr int kHighestPriority = -20;

/** After a refusal that says nothing of what was asked for, and how often to ask. */
constexpr int kFailedMs = 10;
constexpr int kAttempts = 100;

/** A directory to end. */
struct Charge {
  /** The directory itself once it is identified; until then the one around it. */
  int fd;
  bool is_identified;
  Kind kind;
  bool ending;
  char name[sizeof(Message::name)];
};

Charge charges[kMostCharges];
size_t charge_count = 0;
bool may_leave = false;

guardian::Notes notes;
MemoryKills memory_kills;
CageNotes cage_notes;
OwnerEnd owner_end;

void Drop(Charge* charge) {
  close(charge->fd);
  charge_count -= 1;
  if (charge != charges + charge_count) *charge = charges[charge_count];
}

/** Whether its processes are to be killed. Those of other kinds live on. */
bool IsToBeEmptied(const Charge& charge) { return charge.kind == Kind::kOwner; }

Tree TreeOf(const Charge& charge) { return {charge.fd, charge.is_identified, charge.name}; }

Charge* Find(const char* name) {
  for (size_t i = 0; i < charge_count; ++i) {
    if (strcmp(charges[i].name, name) == 0) return charges + i;
  }
  return nullptr;
}

/** A guardian that is told anew may know it. */
void Guard(const Message& message, UniqueFd around) {
  if (!around.valid() || !guardian::IsName(message.name)) return;
  if (Charge* known = Find(message.name)) Drop(known);
  if (charge_count == kMostCharges) return;
  Charge& charge = charges[charge_count++];
  charge = {around.Release(), false, message.kind, false, {}};
  memcpy(charge.name, message.name, sizeof(charge.name));
}

/** Opens it again, since the one that comes along shares its lock with the process. */
void Identify(Charge* charge, const UniqueFd& directory) {
  UniqueFd own = directory.valid() ? OpenAgain(directory.get()) : UniqueFd();
  if (!own.valid()) return;
  close(charge->fd);
  charge->fd = own.Release();
  charge->is_identified = true;
}

void Obey(const Message& message, UniqueFd directory) {
  if (message.order == Order::kGuard) return Guard(message, std::move(directory));
  if (message.order == Order::kLeave) {
    may_leave = true;
    return;
  }
  if (message.order == Order::kNotes) return notes.Use(std::move(directory));
  Charge* charge = Find(message.name);
  if (charge == nullptr) return;
  if (message.order == Order::kIdentify) {
    Identify(charge, directory);
  } else if (message.order == Order::kForget) {
    Drop(charge);
  } else if (IsToBeEmptied(*charge)) {
    charge->ending = true;
  }
}

/** The process knows its cages only: somebody may have moved a child, or killed it just after another of its cage. */
void WriteNote(guardian::Note note) {
  using guardian::By;
  using guardian::Ended;
  using guardian::Memory;
  if (note.what == Ended::kGuardian) memory_kills.BeganLate();
  const bool is_open = note.memory == Memory::kUnknown || note.by == By::kUnknown;
  if (note.what == Ended::kChild && note.signal == SIGKILL && is_open) {
    const Memory found = memory_kills.Of(note.pid, note.started_us, note.ended_us);
    // A guess is better than nothing.
    if (found != Memory::kUnknown || note.memory != Memory::kYes) note.memory = found;
    if (found == Memory::kYes) note.by = By::kKernel;
  }
  if (note.kills > 0) memory_kills.Passed();
  notes.Append(note);
}

enum class Received {
  kMessage,
  kNothing,
  /** The end of the socket is no sign of death: exec closes it too. */
  kClosed,
  /** The kernel is short of memory, say: there may be a message. */
  kFailed,
};

/** Takes one message. */
Received Receive() {
  union {
    Message message;
    guardian::Note note;
  } received{};
  Message& message = received.message;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part{&received, sizeof(received)};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  const ssize_t length = recvmsg(kSocketFd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0 && errno == EAGAIN) return Received::kNothing;
  if (length < 0 && errno != ECONNRESET && errno != ENOTCONN) return Received::kFailed;
  if (length <= 0) return Received::kClosed;
  int fd = -1;
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
  UniqueFd directory(fd);
  if (length == sizeof(received.note)) WriteNote(received.note);
  if (length == sizeof(message)) {
    message.name[sizeof(message.name) - 1] = '\0';
    Obey(message, std::move(directory));
  }
  return Received::kMessage;
}

void SleepMs(int ms) {
  const timespec time{ms / 1000, ms % 1000 * 1'000'000L};
  nanosleep(&time, nullptr);
}

/** Takes all that were sent. */
void ReceiveAll() {
  for (int attempts = kAttempts; attempts > 0;) {
    const Received received = Receive();
    if (received == Received::kFailed) {
      attempts -= 1;
      SleepMs(kFailedMs);
    } else if (received != Received::kMessage) {
      return;
    }
  }
}

/** Removes empty detached cages. The others may last, so nobody waits for them. */
void RemoveDetached() {
  for (size_t i = charge_count; i > 0; --i) {
    Charge* charge = charges + i - 1;
    if (charge->kind == Kind::kDetached && RemoveTree(TreeOf(*charge))) Drop(charge);
  }
}

bool IsAny(Kind kind) {
  for (size_t i = 0; i < charge_count; ++i) {
    if (charges[i].kind == kind) return true;
  }
  return false;
}

bool IsAnyEnding() {
  for (size_t i = 0; i < charge_count; ++i) {
    if (charges[i].ending) return true;
  }
  return false;
}

void EndThoseEnding() {
  for (size_t i = charge_count; i > 0; --i) {
    Charge* charge = charges + i - 1;
    if (charge->ending && EndTree(TreeOf(*charge))) Drop(charge);
  }
}

bool GiveBackSelfCgroups() {
  bool all = true;
  for (size_t i = 0; i < charge_count; ++i) {
    if (charges[i].kind == Kind::kSelf && !GiveBack(charges[i].fd, charges[i].name)) all = false;
  }
  return all;
}

/** Whether a charge still needs the guardian. A detached cage does not. What is not there may be about to be made. */
bool IsNeeded() {
  for (size_t i = 0; i < charge_count; ++i) {
    if (charges[i].kind != Kind::kDetached) return true;
  }
  return false;
}

/** By _exit(): it forks, so that exit handlers would run twice, and it writes to no stream. */
[[noreturn]] void End(int status) { _exit(status); }

/** Ends the guardian, or returns if another thread has cages, or told of some meanwhile. */
void Leave() {
  may_leave = false;
  if (IsNeeded()) return;
  // From here on it takes no messages: the kernel refuses them, and then the sender starts another guardian.
  shutdown(kSocketFd, SHUT_RDWR);
  ReceiveAll();
  if (!IsNeeded()) End(0);
}

/** The process may live on, but has nothing to watch over, and can't tell of anything. */
void LeaveIfUnused() {
  ReceiveAll();
  if (charge_count == 0) End(0);
}

/** Looks at what is gone once the cages are ended. */
void ReadEnds() {
  owner_end.Look();
  for (size_t i = 0; notes.valid() && i < charge_count; ++i) {
    if (charges[i].ending) cage_notes.Read(TreeOf(charges[i]), owner_end.pid());
  }
}

/** For the death of the process: all its threads are dead. */
[[noreturn]] void EndAll() {
  ReceiveAll();
  for (size_t i = 0; i < charge_count; ++i) {
    charges[i].ending = IsToBeEmptied(charges[i]);
  }
  const int64_t kills = MemoryKills::Count();
  ReadEnds();
  int64_t waited_ms = 0;
  bool is_noted = !notes.valid();
  for (int wait_ms = kFirstWaitMs; waited_ms < kPatienceMs; waited_ms += wait_ms) {
    EndThoseEnding();
    RemoveDetached();
    cage_notes.Write(&notes, kills >= 0 && MemoryKills::Count() == kills);
    if (!is_noted) is_noted = owner_end.Write(&notes, &memory_kills, waited_ms);
    if (is_noted && !IsAnyEnding() && (!IsAny(Kind::kDetached) || waited_ms >= kLastChildMs)) break;
    SleepMs(wait_ms);
    wait_ms = wait_ms * 2 < kLongestWaitMs ? wait_ms * 2 : kLongestWaitMs;
  }
  waited_ms = 0;
  for (int wait_ms = kFirstWaitMs; !GiveBackSelfCgroups() && waited_ms < kOthersMs; waited_ms += wait_ms) {
    SleepMs(wait_ms);
    wait_ms = wait_ms * 2 < kLongestWaitMs ? wait_ms * 2 : kLongestWaitMs;
  }
  End(0);
}

[[noreturn]] void Watch() {
  pollfd watched[2] = {{kProcessFd, POLLIN, 0}, {kSocketFd, POLLIN, 0}};
  int wait_ms = kFirstWaitMs;
  for (;;) {
    const bool ending = IsAnyEnding();
    if (!ending) wait_ms = kFirstWaitMs;
    const int ready = poll(watched, 2, ending ? wait_ms : -1);
    // Without a pause this would take a whole processor for as long as it fails.
    if (ready < 0) SleepMs(kFailedMs);
    if (ready < 0) continue;
    if (watched[0].revents != 0) EndAll();
    const Received received = watched[1].revents == 0 ? Received::kNothing : Receive();
    if (received == Received::kClosed) {
      watched[1].fd = -1;
      LeaveIfUnused();
    }
    if (received == Received::kFailed) SleepMs(kFailedMs);
    if (may_leave) Leave();
    if (!IsAnyEnding()) continue;
    EndThoseEnding();
    wait_ms = wait_ms * 2 < kLongestWaitMs ? wait_ms * 2 : kLongestWaitMs;
  }
}

/** Raises the limit on fds, since each charge holds one. */
void RaiseFdLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void GuardProcess(pid_t process) {
  // A signal from a terminal or a service manager that ends the process must not end its guardian first.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  // Fork, so that the guardian is not a child of the process that it watches: init reaps it.
  const pid_t pid = fork();
  if (pid > 0) End(0);
  const Answer answer{pid < 0 ? -errno : getpid()};
  if (pid == 0) {
    prctl(PR_SET_NAME, "memcage-guard");
    RaiseFdLimit();
    owner_end.Begin(process);
    memory_kills.Begin();
    // Processes that fork faster than they are killed would win. Without CAP_SYS_NICE it just takes longer.
    setpriority(PRIO_PROCESS, 0, kHighestPriority);
  }
  const ssize_t sent = send(kSocketFd, &answer, sizeof(answer), MSG_NOSIGNAL);
  // The process sees that nobody is left at the other end of the socket, and need not wait for an answer.
  if (pid < 0 || sent < 0) End(1);
  Watch();
}

}  // namespace memcage::launcher

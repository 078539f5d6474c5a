// Both sides of the guardian's protocol. The input is what arrives: orders that the addon's side writes, and messages
// that nobody meant to send. A model says which directories the guardian must know afterwards.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "input.h"
// Not their headers: what they read, they read in functions of their own.
// NOLINTBEGIN(bugprone-suspicious-include)
#include "guardian/client.cc"
#include "launcher/guard_process.cc"
// NOLINTEND(bugprone-suspicious-include)

using fuzz::Require;
using memcage::Guardian;
using memcage::GuardianState;
using memcage::guardian::Kind;
using memcage::guardian::Message;
using memcage::guardian::Note;
using memcage::guardian::Order;
namespace launcher = memcage::launcher;

namespace {

constexpr int kClientSocket = 1000;
constexpr int kFirstFd = 2000;

struct Packet {
  std::string bytes;
  int fd;
};
std::deque<Packet> sent;
/** Notes that were sent, and not written yet. */
std::deque<Note> noted;
std::string answer;
std::set<int> open_fds;
int last_fd = kFirstFd;
bool is_faked = false;

GuardianState state{PTHREAD_MUTEX_INITIALIZER, -1, 0, 0};

int NewFd() {
  open_fds.insert(++last_fd);
  return last_fd;
}

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names (--wrap).
long __real_syscall(long number, ...);
int __real_close(int fd);
ssize_t __real_recvfrom(int fd, void* buffer, size_t size, int flags, sockaddr* address, socklen_t* length);

ssize_t __wrap_recvmsg(int /*fd*/, msghdr* header, int /*flags*/) {
  if (sent.empty()) {
    errno = EAGAIN;
    return -1;
  }
  const Packet packet = sent.front();
  sent.pop_front();
  const size_t length = std::min(packet.bytes.size(), header->msg_iov->iov_len);
  memcpy(header->msg_iov->iov_base, packet.bytes.data(), length);
  if (packet.fd < 0) {
    header->msg_controllen = 0;
  } else {
    cmsghdr* rights = CMSG_FIRSTHDR(header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &packet.fd, sizeof(int));
  }
  return static_cast<ssize_t>(length);
}

ssize_t __wrap_sendmsg(int fd, const msghdr* header, int /*flags*/) {
  Require(fd == kClientSocket, "it is sent to the guardian");
  Packet packet{std::string(static_cast<const char*>(header->msg_iov->iov_base), header->msg_iov->iov_len), -1};
  // The kernel gives the receiver an fd of its own.
  if (CMSG_FIRSTHDR(header) != nullptr) packet.fd = NewFd();
#ifdef FUZZ_PLANTED
  // As if the name had no room for its end.
  if (strnlen(packet.bytes.data() + 2, sizeof(Message::name)) > 100) packet.bytes[102] = '\0';
#endif
  sent.push_back(packet);
  return static_cast<ssize_t>(header->msg_iov->iov_len);
}

ssize_t __wrap_recvfrom(int fd, void* buffer, size_t size, int flags, sockaddr* address, socklen_t* length) {
  if (!is_faked) return __real_recvfrom(fd, buffer, size, flags, address, length);
  if (answer.empty()) {
    errno = (flags & MSG_PEEK) != 0 ? EAGAIN : ECONNRESET;
    return -1;
  }
  const size_t taken = std::min(size, answer.size());
  memcpy(buffer, answer.data(), taken);
  return static_cast<ssize_t>(taken);
}

int __wrap_close(int fd) {
  if (fd < kFirstFd) return is_faked ? 0 : __real_close(fd);
  Require(open_fds.erase(fd) == 1, "an fd is closed once");
  return 0;
}

// NOLINTEND(bugprone-reserved-identifier)
}

// What the guardian asks of the file system.
namespace memcage::launcher {
namespace {
bool Use(int fd, const char* name) {
  Require(open_fds.contains(fd), "the directory is open");
  const std::string text(name);
  Require(text.find('/') == std::string::npos && !text.empty() && text != "." && text != "..",
          "it works on a name in that directory, and on nothing else");
  return strlen(name) % 2 == 0;
}
}  // namespace
bool EndTree(const Tree& tree) { return Use(tree.fd, tree.name); }
bool RemoveTree(const Tree& tree) { return Use(tree.fd, tree.name); }
bool GiveBack(int parent_fd, const char* name) { return Use(parent_fd, name); }
UniqueFd OpenAgain(int fd) {
  Require(open_fds.contains(fd), "the directory is open");
  return UniqueFd(NewFd());
}
// What it looks at once the process is dead, and in the kernel's log.
void OwnerEnd::Begin(pid_t /*process*/) {}
void OwnerEnd::Look() {}
bool OwnerEnd::Write(guardian::Notes* /*to*/, MemoryKills* /*kills*/, int64_t /*waited_ms*/) { return true; }
void CageNotes::Read(const Tree& /*tree*/, pid_t /*owner*/) {}
void CageNotes::Write(guardian::Notes* /*to*/, bool /*is_sure*/) {}
void MemoryKills::Begin() {}
void MemoryKills::BeganLate() {}
void MemoryKills::Passed() {}
guardian::Memory MemoryKills::Of(pid_t pid, int64_t /*since_us*/, int64_t /*ended_us*/) {
  return static_cast<guardian::Memory>(static_cast<unsigned>(pid) % 3);
}
int64_t MemoryKills::Count() { return 0; }
}  // namespace memcage::launcher

namespace memcage::guardian {
void Notes::Use(UniqueFd directory) { Require(directory.valid() == open_fds.contains(directory.get()), "it is open"); }
void Notes::Append(const Note& note) {
  Require(!noted.empty(), "only what was sent is written");
  const Note& told = noted.front();
  Require(note.pid == told.pid && note.what == told.what && memcmp(note.cgroup, told.cgroup, sizeof(note.cgroup)) == 0,
          "a note is written as it was sent");
  Require(note.memory == told.memory || note.what == Ended::kChild, "it judges children alone");
  noted.pop_front();
}
}  // namespace memcage::guardian

namespace memcage {
GuardianState* GuardianState::OfProcess() { return &state; }
// A guardian that starts is seen in test/integration; here its answer alone is read.
Expected<pid_t, CloneFailure> ChildStarter::Start(ChildStart& /*start*/, UniqueFd* /*pidfd*/) {
  return CloneFailure{Stage::kClone, -ENOSYS, {}};
}
int ChildStarter::SelfPidfd() { return -ENOSYS; }
}  // namespace memcage

namespace {

struct Known {
  Kind kind;
  bool is_identified;
};
/** What the guardian is to know, if only the addon's side speaks. */
using Model = std::map<std::string, Known>;

/** Gives one order through the addon's side. */
void Order1(fuzz::Input& input, Model* model) {
  Guardian client;
  const auto order = static_cast<Order>(input.Below(4));
  // Names of all lengths, some of them the same: a guardian may be told anew of what it knows.
  std::string name = input.Below(2) == 0 ? std::string(1 + input.Below(200), 'a') : input.Text(1 + input.Below(8));
  const auto kind = static_cast<Kind>(input.Below(3));
  const size_t before = sent.size();
  const auto found = model->find(name);
  if (order == Order::kGuard) {
    const int refused = client.Guard(1, name, kind);
    Require((refused == 0) == (sent.size() == before + 1), "what can't be sent is refused");
    if (refused == 0) (*model)[name] = {kind, false};
  } else if (order == Order::kIdentify) {
    client.Identify(name, 1);
    if (found != model->end()) found->second.is_identified = true;
  } else {
    client.Tell(order, name);
    if (found != model->end() && order == Order::kForget) model->erase(found);
  }
}

/** Has a note written: of the addon's side, or whatever bytes are as long as one. */
void Note1(fuzz::Input& input) {
  Note note{};
  const std::string bytes = input.Text(input.Byte());
  memcpy(&note, bytes.data(), std::min(bytes.size(), sizeof(note)));
  noted.push_back(note);
  Guardian().Write(note);
}

void RequireModel(const Model& model) {
  Require(launcher::charge_count == model.size(), "the guardian knows as many as it was told of");
  for (size_t i = 0; i < launcher::charge_count; ++i) {
    const launcher::Charge& charge = launcher::charges[i];
    const auto same = model.find(charge.name);
    Require(
        same != model.end() && same->second.kind == charge.kind && same->second.is_identified == charge.is_identified,
        "the guardian knows what it was told of");
  }
}

void Hear() {
  while (!sent.empty()) Require(launcher::Receive() == launcher::Received::kMessage, "a message is taken");
  Require(launcher::Receive() == launcher::Received::kNothing, "there are no more");
  Require(noted.empty(), "every note is written");
  Require(open_fds.size() == launcher::charge_count, "every fd that came along is held for a directory, or closed");
}

void ReadAnAnswer(fuzz::Input& input) {
  answer = input.Text(input.Below(6));
  int pid = 0;
  const char* syscall = "";
  const int read = answer.empty() ? 0 : memcage::ReadAnswer(kClientSocket, &syscall);
  if (answer.size() >= sizeof(pid)) {
    memcpy(&pid, answer.data(), sizeof(pid));
    Require(read == pid, "the pid is the answer");
  } else {
    Require(read <= 0, "half an answer is none");
  }
  answer.clear();
}

void Reset() {
  while (launcher::charge_count > 0) launcher::Drop(launcher::charges);
  launcher::may_leave = false;
  Require(open_fds.empty(), "no fd is left");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  is_faked = true;
  state.socket = kClientSocket;
  Model model;
  const bool is_true = input.Below(2) == 0;
  while (input.left() > 0) {
    const size_t step = input.Below(8);
    if (step == 0) ReadAnAnswer(input);
    // An empty one can't be told from the end of the socket.
    if (step == 1 && !is_true) sent.push_back({"x" + input.Text(input.Byte()), input.Below(2) == 0 ? -1 : NewFd()});
    if (step == 2 && !is_true) {
      std::string bytes(sizeof(Message), '\0');
      bytes[0] = static_cast<char>(input.Below(6));
      bytes[1] = static_cast<char>(input.Below(6));
      const std::string name = input.Text(input.Below(140));
      bytes.replace(2, std::min(name.size(), sizeof(Message::name)), name, 0, sizeof(Message::name));
      sent.push_back({bytes, input.Below(2) == 0 ? -1 : NewFd()});
    }
    if (step == 3) Hear();
    // What it does each time it wakes up.
    if (step == 4 && !is_true) launcher::EndThoseEnding();
    if (step == 5 && !is_true) launcher::RemoveDetached();
    if (step == 5 && is_true) Note1(input);
    if (step == 6 && !is_true) launcher::GiveBackSelfCgroups();
    if (step == 7) Order1(input, &model);
  }
  Hear();
  if (is_true) RequireModel(model);
  Reset();
  is_faked = false;
  return 0;
}

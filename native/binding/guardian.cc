#include <fcntl.h>

#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "binding/bindings.h"
#include "binding/function.h"
#include "binding/instance.h"
#include "guardian/client.h"
#include "guardian/notes.h"
#include "guardian/process_state.h"
#include "sys/syscalls.h"

namespace memcage {

template <>
struct NamesOf<guardian::Kind> {
  static constexpr Named<guardian::Kind> kAll[] = {
      {"owner", guardian::Kind::kOwner},
      {"detached", guardian::Kind::kDetached},
      {"leaf", guardian::Kind::kSelf},
  };
};

namespace {

/** null: it runs. */
std::optional<CloneFailure> StartGuardian(Napi::Env env, const std::string& file) {
  return Guardian().Ensure(Instance::Of(env).child_starter, file);
}

Expected<> Guard(Napi::Env env, int dir_fd, const std::string& name, guardian::Kind kind) {
  const int error = Guardian().Guard(dir_fd, name, kind);
  if (error < 0) return Refusal{error, "sendmsg"};
  // A self cgroup belongs to the process, whichever of its threads made it.
  if (kind != guardian::Kind::kSelf) Instance::Of(env).guarded.insert_or_assign(name, kind);
  return {};
}

Expected<UniqueFd> OpenGuardian() {
  const int fd = Guardian().OpenConnection();
  if (fd < 0) return Refusal{fd, "fcntl"};
  return UniqueFd(fd);
}

void IdentifyGuarded(const std::string& name, int fd) { Guardian().Identify(name, fd); }

void Unguard(Napi::Env env, const std::string& name, bool end) {
  // A self cgroup is none of this environment's.
  if (Instance::Of(env).guarded.erase(name) == 0 && end) return;
  Guardian().Tell(end ? guardian::Order::kEnd : guardian::Order::kForget, name);
}

int CountOpenCages(Napi::Env env, int by) {
  // Wraps around as the atomic does: whoever counts beyond has counted wrong before.
  int& own = Instance::Of(env).open_cages;
  own = static_cast<int>(static_cast<unsigned>(own) + static_cast<unsigned>(by));
  return GuardianState::OfProcess()->open_cages += by;
}

Expected<> KeepNotes(int fd) {
  const int error = Guardian().KeepNotes(fd);
  if (error < 0) return Refusal{error, "sendmsg"};
  return {};
}

/** Whether it is one. */
bool Read(std::span<const uint8_t> bytes, guardian::Note* note) {
  if (bytes.size() != sizeof(*note)) return false;
  memcpy(note, bytes.data(), sizeof(*note));
  return true;
}

void NoteEnd(std::span<const uint8_t> note) {
  guardian::Note whole{};
  if (Read(note, &whole)) Guardian().Write(whole);
}

Expected<> WriteNote(int fd, std::span<const uint8_t> note) {
  UniqueFd directory(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!directory.valid()) return Refusal{sys::NegativeErrno(), "fcntl"};
  guardian::Notes notes;
  notes.Use(std::move(directory));
  guardian::Note whole{};
  if (Read(note, &whole)) notes.Append(whole);
  return {};
}

void DismissGuardian() { Guardian().Dismiss(); }

int GuardianPid() { return Guardian().pid(); }

}  // namespace

void RegisterGuardian(Napi::Object exports) {
  Add<StartGuardian, "file">(exports, "startGuardian");
  Add<OpenGuardian>(exports, "openGuardian");
  Add<Guard, "dirFd", "name", "kind">(exports, "guard");
  Add<IdentifyGuarded, "name", "fd">(exports, "identifyGuarded");
  Add<Unguard, "name", "end">(exports, "unguard");
  Add<CountOpenCages, "by">(exports, "countOpenCages");
  Add<KeepNotes, "fd">(exports, "keepNotes");
  Add<NoteEnd, "note">(exports, "noteEnd");
  Add<WriteNote, "fd", "note">(exports, "writeNote");
  Add<DismissGuardian>(exports, "dismissGuardian");
  Add<GuardianPid>(exports, "guardianPid");
}

}  // namespace memcage

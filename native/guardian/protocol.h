#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

// What the addon and the guardian send each other. Both are always from the same build of the package. Besides the
// messages, the addon sends notes to be written (note.h). These are longer.
namespace memcage::guardian {

/** The launcher's first argument. A launcher of another version reports that, and starts nothing. */
inline constexpr const char* kLauncherVersion = "1";

/** argv[0], and the argument that makes the launcher a guardian. ps(1) shows both; the pid is for its reader. */
inline constexpr const char* kProgramName = "memcage-guardian";
inline constexpr const char* kArgument = "--guardian=";

/** The guardian's end of the socket pair (SOCK_SEQPACKET), and a pidfd of the process that it watches. */
inline constexpr int kSocketFd = 3;
inline constexpr int kProcessFd = 4;
inline constexpr int kFdCount = 5;

enum class Order : uint8_t {
  /**
   * When the process is dead, end the directory `name` in the directory whose fd comes along. It need not exist yet.
   * Two directories never have the same name.
   */
  kGuard,
  /** The directory exists, and its fd comes along: on v1 a process in it may rename it. */
  kIdentify,
  /** The directory has been removed. */
  kForget,
  /** End the directory now. */
  kEnd,
  /** The process is ending, and has ended its cages: there is nothing to wait for. */
  kLeave,
  /** The directory for the notes of ends, whose fd comes along. */
  kNotes,
};

enum class Kind : uint8_t {
  /** The directory of an owner, with its cages. */
  kOwner,
  /** The cage of a detached child: its processes live on, and it is removed when it is empty. */
  kDetached,
  /** The self cgroup (v2), to which the process moved itself, so that cages could be made beside it. */
  kSelf,
};

struct Message {
  Order order;
  Kind kind;
  char name[118];
};
static_assert(std::is_trivially_copyable_v<Message> && sizeof(Message) == 120);

/** Whether a message can name a directory so. It is one in another: the guardian must not end what is elsewhere. */
constexpr bool IsName(std::string_view name) {
  constexpr std::string_view kNotInNames("/\0", 2);
  return !name.empty() && name.size() < sizeof(Message::name) && name.find_first_of(kNotInNames) == name.npos &&
         name != "." && name != "..";
}

/** The first message from the guardian, once it watches. */
struct Answer {
  /** The guardian's pid, or the negative errno with which it failed to start. */
  int32_t pid;
};

}  // namespace memcage::guardian

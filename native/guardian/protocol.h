#pragma once

#include <cstdint>
#include <type_traits>

// Between the addon and the guardian, which are always of the same build of the package.
namespace memcage::guardian {

/** The launcher's first argument. One of another version than its caller's says so, and starts nothing. */
inline constexpr const char* kLauncherVersion = "1";

/** argv[0], which ps(1) shows, and the argument that makes a guardian of the launcher: the pid is for who reads that.
 */
inline constexpr const char* kProgramName = "memcage-guardian";
inline constexpr const char* kArgument = "--guardian=";

/** The guardian's end of the socket pair (SOCK_SEQPACKET), and a pidfd of the process that it watches. */
inline constexpr int kSocketFd = 3;
inline constexpr int kProcessFd = 4;
inline constexpr int kFdCount = 5;

enum class Order : uint8_t {
  /** When the process is dead, end the directory `name` in the directory whose fd comes along. It need not exist yet.
   */
  kGuard,
  /** It exists, and has this `inode`: on v1 a process in it may give it another name. */
  kIdentify,
  /** It has been removed. */
  kForget,
  /** End it now. */
  kEnd,
  /** The process ends by itself, and has ended its cages: there is nothing to wait for. */
  kLeave,
};

enum class Kind : uint8_t {
  /** Of a v1 memory hierarchy, which can neither freeze nor kill a cgroup. */
  kMemory,
  kUnified,
  kFreezer,
  /** Whatever it is of: what is in it lives on. Removed when it is empty. */
  kDetached,
  /** Of v2: the leaf that the process moved itself to, so that there could be cages beside it. */
  kLeaf,
};

struct Message {
  Order order;
  Kind kind;
  char name[118];
  uint64_t inode;
};
static_assert(std::is_trivially_copyable_v<Message> && sizeof(Message) == 128);

/** The first thing that the guardian sends, once it watches. */
struct Answer {
  /** Its pid, or a negative errno: it can't be. */
  int32_t pid;
};

}  // namespace memcage::guardian

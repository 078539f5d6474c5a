#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

// How a process or a cage ended, as it is noted for `memcage why`. lib/cgroup/ends/note.ts has the same layout.
namespace memcage::guardian {

/** What ended. */
enum class Ended : uint8_t {
  kChild,
  /** The process whose guardian noted it. */
  kOwner,
  /** A process that was in a cage when the owner had died. */
  kMember,
  /** A guardian that was killed while its process lived. */
  kGuardian,
  /** A cage of a dead owner, in which something had been killed for memory. */
  kCage,
};

/** Whether memory ended it. */
enum class Memory : uint8_t { kUnknown, kNo, kYes };

/** Who ended it, as far as memcage knows. */
enum class By : uint8_t { kUnknown, kKernel, kItself, kOwner, kTimeout, kGuardian, kStall, kCpuTime, kSweep };

/**
 * A record of the file of notes: a plain struct of a fixed size, since the guardian allocates nothing. Texts that are
 * as long as their room, or longer, end without a NUL. -1: not known.
 */
struct Note {
  char magic[8];
  /** CLOCK_MONOTONIC, as the times of the kernel's log. 0: not known. */
  int64_t started_us;
  int64_t ended_us;
  int64_t limit_bytes;
  int64_t peak_bytes;
  int64_t kills;
  /** 0 of a cage. */
  int32_t pid;
  int32_t owner;
  int32_t exit_code;
  /** 0: none. */
  int32_t signal;
  Ended what;
  Memory memory;
  /** The index of the OomVerdict's cause in note.ts; 0: none. */
  uint8_t cause;
  By by;
  /** Inode of the PID namespace that the pids are of. */
  uint32_t pids;
  /** The boot in which it ended: `/proc/sys/kernel/random/boot_id`. */
  char boot[36];
  char name[16];
  /** Path of the cage's cgroup. */
  char cgroup[192];
  /** Path of the cgroup whose limit it was. */
  char limit_path[192];
  /** Of all bytes before it: a record may be half written, or somebody's own. */
  uint32_t check;
};
static_assert(std::is_trivially_copyable_v<Note> && sizeof(Note) == 512 && offsetof(Note, pid) == 48 &&
              offsetof(Note, boot) == 72 && offsetof(Note, cgroup) == 124 && offsetof(Note, check) == 508);

inline constexpr char kNoteMagic[] = "memcage1";

/** FNV-1a. */
constexpr uint32_t CheckOf(const unsigned char* bytes, size_t size) {
  uint32_t hash = 2166136261U;
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 16777619U;
  return hash;
}

}  // namespace memcage::guardian

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace memcage {

struct SpawnPlan;

/** What the child gives up. Plain views, as all of the plan. */
struct Privileges {
  /** The capabilities to keep, as bits; else all. */
  std::optional<uint64_t> capabilities;
  bool no_new_privs = false;
  /** Instructions of classic BPF, or nothing. */
  std::span<const uint8_t> filter;
  /** Install the filter while the child has its capabilities: without no_new_privs that needs CAP_SYS_ADMIN. */
  bool filter_early = false;
};

/** Size of an instruction, struct sock_filter. */
inline constexpr size_t kInstructionSize = 8;
/** BPF_MAXINSNS */
inline constexpr size_t kMaxInstructions = 4096;

constexpr bool IsFilterSize(size_t bytes) {
  return bytes > 0 && bytes % kInstructionSize == 0 && bytes / kInstructionSize <= kMaxInstructions;
}

/** Before the change of ids, which takes the rights for this. */
void BeginToDrop(const SpawnPlan& plan);
/** After the change of ids, which clears capabilities. */
void KeepCapabilities(const SpawnPlan& plan);
/** Best effort: see SpawnPlan::keep_capabilities. */
void KeepCapabilitiesOverExec();
/** The last step before exec. A filter need not allow anything else. */
void LockPrivileges(const SpawnPlan& plan);

}  // namespace memcage

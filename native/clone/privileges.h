#pragma once

#include <cstddef>
#include <cstdint>

namespace memcage {

struct SpawnPlan;

/** What the child gives up. Plain views, as all of the plan. */
struct Privileges {
  /** Whether to keep only the capabilities that are bits of `capabilities`. */
  bool set_capabilities;
  uint64_t capabilities;
  bool no_new_privs;
  /** Instructions of classic BPF, or nullptr. */
  const void* filter;
  uint16_t filter_length;
  /** Install the filter while the child has its capabilities: without no_new_privs that needs CAP_SYS_ADMIN. */
  bool filter_early;
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
/** The last step before exec. A filter need not allow anything else. */
void LockPrivileges(const SpawnPlan& plan);

}  // namespace memcage

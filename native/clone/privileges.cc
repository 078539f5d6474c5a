#include "clone/privileges.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>

#include "clone/child.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;

static_assert(sizeof(sock_filter) == kInstructionSize);

constexpr int kMostCapabilities = 64;

bool Keeps(uint64_t capabilities, int capability) { return ((capabilities >> capability) & 1) != 0; }

/** Drops also what only a newer kernel has. */
void DropFromBoundingSet(const SpawnPlan& plan, uint64_t kept) {
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    if (Keeps(kept, capability)) continue;
    sys::Result dropped = Call(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (dropped == -EPERM) {
      // Without CAP_SETPCAP it is refused before the kernel looks at the number: there may be nothing to drop.
      const sys::Result has = Call(SYS_prctl, PR_CAPBSET_READ, capability, 0, 0, 0);
      if (has <= 0 && has != -EPERM) dropped = has;
    }
    // The kernel has none of this number, nor of a higher one.
    if (dropped == -EINVAL) return;
    Check(plan, Stage::kBoundingSet, dropped, "PR_CAPBSET_DROP");
  }
}

/**
 * The session keyring that the child has inherited gives it the keys of its caller, whatever user it becomes: who
 * possesses a keyring may read it.
 */
void LeaveSessionKeyring(const SpawnPlan& plan) {
  const sys::Result joined = Call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  // Without keys, and where the filter of a container forbids keyctl(2), the program can't read a keyring either. A
  // filter that forbids only the joining would leave it the inherited one.
  if (joined == -ENOSYS || joined == -EPERM) {
    if (Call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) == joined) return;
  }
  Check(plan, Stage::kSessionKeyring, joined);
}

void InstallFilter(const SpawnPlan& plan) {
  const Privileges& privileges = plan.privileges;
  // The filter may kill this process before its program runs. A core dump would then be of the starter's memory. exec
  // makes it dumpable again.
  Check(plan, Stage::kSeccomp, Call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
  sock_fprog program{};
  program.len = static_cast<uint16_t>(privileges.filter.size() / kInstructionSize);
  program.filter = reinterpret_cast<sock_filter*>(const_cast<uint8_t*>(privileges.filter.data()));
  Check(plan, Stage::kSeccomp, Call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

}  // namespace

void BeginToDrop(const SpawnPlan& plan) {
  const Privileges& privileges = plan.privileges;
  // While it has the ids of its caller: keyrings count in a quota of the user, which is large for root.
  if (plan.uid || privileges.no_new_privs) LeaveSessionKeyring(plan);
  if (!privileges.filter.empty() && privileges.filter_early) InstallFilter(plan);
  if (!privileges.capabilities) return;
  DropFromBoundingSet(plan, *privileges.capabilities);
  // The permitted set then outlives the change from root to another user. exec clears this again.
  if (plan.uid && *privileges.capabilities != 0) {
    Check(plan, Stage::kBoundingSet, Call(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS");
  }
}

void KeepCapabilities(const SpawnPlan& plan) {
  if (!plan.privileges.capabilities) return;
  const uint64_t kept = *plan.privileges.capabilities;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) {
    const uint32_t word = static_cast<uint32_t>(kept >> (32 * i));
    sets[i] = {word, word, word};
  }
  Check(plan, Stage::kCapabilities, Call(SYS_capset, &header, sets), "capset");
  // The ambient set is what exec leaves to a program of another user than root. It has shrunk with the others.
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    if (!Keeps(kept, capability)) continue;
    Check(plan, Stage::kCapabilities, Call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0),
          "PR_CAP_AMBIENT_RAISE");
  }
}

void KeepCapabilitiesOverExec() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  // Where that is refused, the program does without, as after any exec.
  if (Call(SYS_capget, &header, sets) < 0) return;
  for (__user_cap_data_struct& set : sets) set.inheritable |= set.permitted;
  if (Call(SYS_capset, &header, sets) < 0) return;
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    if ((sets[capability / 32].permitted >> (capability % 32) & 1) == 0) continue;
    Call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
  }
}

void LockPrivileges(const SpawnPlan& plan) {
  const Privileges& privileges = plan.privileges;
  if (privileges.no_new_privs) {
    Check(plan, Stage::kNoNewPrivs, Call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  }
  if (!privileges.filter.empty() && !privileges.filter_early) InstallFilter(plan);
}

}  // namespace memcage

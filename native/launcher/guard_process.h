#pragma once

#include <sys/types.h>

namespace memcage::launcher {

/**
 * Sleeps until the process with the pidfd guardian::kProcessFd is dead. Then it ends the directories that it was told
 * of through guardian::kSocketFd, and itself. `process` is its pid, for notes. docs/internals/guardian.md has the whole
 * story.
 */
[[noreturn]] void GuardProcess(pid_t process);

}  // namespace memcage::launcher

#pragma once

namespace memcage::launcher {

/**
 * Sleeps until the process with the pidfd guardian::kProcessFd is dead. Then it ends the directories that it was told
 * of through guardian::kSocketFd, and itself. docs/internals/guardian.md has the whole story.
 */
[[noreturn]] void GuardProcess();

}  // namespace memcage::launcher

#pragma once

namespace memcage::launcher {

/**
 * Sleeps until the process is dead whose pidfd is guardian::kProcessFd, then ends what it was told of through
 * guardian::kSocketFd, and itself. docs/guardian.md has the whole story.
 */
[[noreturn]] void GuardProcess();

}  // namespace memcage::launcher

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace memcage {

/**
 * The clean-up when a child has exited by itself and nothing special happened to it: what to read and remove. The
 * watcher's thread does it while the event loop is still waking up. The contract calls it `Ending`.
 */
struct ExitCleanUp {
  /** A file or directory. A file with the path '' has its own fd in `dir_fd`. */
  struct Beneath {
    int dir_fd = -1;
    std::string path;
  };

  /** An event fd that must not be signalled, or -1. If it is watched, it must never have been signalled. */
  int quiet_fd = -1;
  /** A file that must contain `expected`. */
  Beneath quiet_file;
  std::string expected;
  /** Directories that must still have their stamp. */
  std::vector<Beneath> stamped;
  /** Files to read. */
  std::vector<Beneath> reads;
  /** Directories to remove. */
  std::vector<Beneath> removes;
};

/**
 * Reads the texts, and removes everything. Empty if something is not as expected; how far it got does not matter then.
 */
std::optional<std::vector<std::string>> CarryOut(const ExitCleanUp& clean_up);

}  // namespace memcage

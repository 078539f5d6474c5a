#pragma once

#include <string>
#include <vector>

namespace memcage {

/**
 * What is read and removed when a child has exited by itself and nothing special happened to it: the common end, done
 * by the watcher thread while the event loop is still being woken. The contract calls it `Ending`.
 */
struct ExitCleanUp {
  struct Directory {
    int dir_fd;
    std::string path;
  };

  int dir_fd = -1;
  /** An event fd that must not have been signalled, or -1; a watched one at any time, another now. */
  int quiet_fd = -1;
  /** A file that must contain `expected`. */
  std::string file;
  std::string expected;
  /** A directory that must have its stamp still; '' for none. */
  std::string stamped;
  /** Files whose texts are wanted. */
  std::vector<std::string> reads;
  std::vector<Directory> removes;
};

/** The texts, once all is removed. False when something is not as expected: then nobody needs to know how far it got.
 */
bool CarryOut(const ExitCleanUp& clean_up, std::vector<std::string>* texts);

}  // namespace memcage

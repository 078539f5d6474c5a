#pragma once

namespace memcage::sys {

/**
 * Becomes another program, which begins as a child of this process would: with the default action for every signal, and
 * with the standard streams, which block. Returns only if that fails: the negative errno, with everything as it was.
 * https://man7.org/linux/man-pages/man2/execve.2.html
 */
int BecomeProgram(const char* file, char* const* argv, char* const* envp);

}  // namespace memcage::sys

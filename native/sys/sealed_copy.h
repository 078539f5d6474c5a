#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace memcage::sys {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
/** F_SEAL_EXEC (Linux 6.3): nobody takes the right to execute it away. */
constexpr int kSealExec = 0x0020;

/**
 * A copy in memory of the file that `from` is, which nobody can change any more, to be executed.
 *
 * @param more seals beside `kSeals`
 */
inline Result SealedCopy(int from, const char* name, int more) {
  // MFD_EXEC came with Linux 6.3, and is needed if vm.memfd_noexec is 1.
  Result copy = Call(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (copy == -EINVAL) copy = Call(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy < 0) return copy;
  Result result;
  do {
    result = Call(SYS_sendfile, copy, from, nullptr, size_t{1} << 30);
  } while (result > 0);
  if (result == 0) result = Call(SYS_fcntl, copy, F_ADD_SEALS, kSeals | more);
  if (result >= 0) return copy;
  Call(SYS_close, copy);
  return result;
}

}  // namespace memcage::sys

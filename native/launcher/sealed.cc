#include "launcher/sealed.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/raw_call.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace memcage::launcher {
namespace {

using sys::Call;
using sys::Result;

constexpr const char* kName = "memcage-exec";
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/** MFD_EXEC came with Linux 6.3, and is needed if vm.memfd_noexec is 1. */
Result CreateMemory() {
  const Result fd = Call(SYS_memfd_create, kName, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  return fd == -EINVAL ? Call(SYS_memfd_create, kName, MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

Result Copy(const Result& from, const Result& to) {
  for (;;) {
    const Result length = Call(SYS_sendfile, to, from, nullptr, size_t{1} << 30);
    if (length <= 0) return length;
  }
}

}  // namespace

Result RunSealed(char** argv, char** envp) {
  const Result self = Call(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
  if (self < 0) return self;
  const Result seals = Call(SYS_fcntl, self, F_GET_SEALS);
  if (seals >= 0 && (seals & kSeals) == kSeals) {
    Call(SYS_close, self);
    // exec named the process after the number of an fd.
    prctl(PR_SET_NAME, kName);
    return {};
  }
  const Result copy = CreateMemory();
  if (copy < 0) return copy;
  Result result = Copy(self, copy);
  if (result == 0) result = Call(SYS_fcntl, copy, F_ADD_SEALS, kSeals);
  if (result == 0) result = Call(SYS_execveat, copy, "", argv, envp, AT_EMPTY_PATH);
  return result;
}

}  // namespace memcage::launcher

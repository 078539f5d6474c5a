#include "launcher/sealed.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/raw_call.h"
#include "sys/sealed_copy.h"

namespace memcage::launcher {
namespace {

using sys::Call;
using sys::Result;

constexpr const char* kName = "memcage-exec";

}  // namespace

Result RunSealed(char** argv, char** envp) {
  const Result self = Call(SYS_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
  if (self < 0) return self;
  const Result seals = Call(SYS_fcntl, self, F_GET_SEALS);
  if (seals >= 0 && (seals & sys::kSeals) == sys::kSeals) {
    Call(SYS_close, self);
    // exec named the process after the number of an fd.
    prctl(PR_SET_NAME, kName);
    return {};
  }
  const Result copy = sys::SealedCopy(self.as_int(), kName, 0);
  return copy < 0 ? copy : Call(SYS_execveat, copy, "", argv, envp, AT_EMPTY_PATH);
}

}  // namespace memcage::launcher

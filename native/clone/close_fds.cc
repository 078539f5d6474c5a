#include "clone/close_fds.h"

#include <algorithm>
#include <cerrno>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;
using sys::Result;

/** For kernels without close_range(2) (before Linux 5.9). */
Result CloseListed(int first, const SparedFds& spared) {
  return VisitFdsFrom(first, [&](int fd) {
    if (std::find(spared.begin(), spared.end(), fd) == spared.end()) Call(SYS_close, fd);
  });
}

}  // namespace

Result CloseFdsFrom(int first, SparedFds spared) {
  int from = first;
  std::sort(spared.begin(), spared.end());
  for (const int kept : spared) {
    if (kept < from) continue;
    const Result result = kept == from ? Result{} : Call(SYS_close_range, from, kept - 1, 0);
    if (result == -ENOSYS) return CloseListed(first, spared);
    if (result < 0) return result;
    from = kept + 1;
  }
  const Result result = Call(SYS_close_range, from, ~0U, 0);
  return result == -ENOSYS ? CloseListed(first, spared) : result;
}

}  // namespace memcage

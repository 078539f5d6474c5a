#include "clone/close_fds.h"

#include <cerrno>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;
using sys::Result;

/** For kernels without close_range(2) (before Linux 5.9). */
Result CloseListed(int first, int spare, int other) {
  return VisitFdsFrom(first, [=](int fd) {
    if (fd != spare && fd != other) Call(SYS_close, fd);
  });
}

}  // namespace

Result CloseFdsFrom(int first, int spare, int other) {
  int from = first;
  const int spares[] = {spare < other ? spare : other, spare < other ? other : spare};
  for (const int kept : spares) {
    if (kept < from) continue;
    const Result result = kept == from ? Result{} : Call(SYS_close_range, from, kept - 1, 0);
    if (result == -ENOSYS) return CloseListed(first, spare, other);
    if (result < 0) return result;
    from = kept + 1;
  }
  const Result result = Call(SYS_close_range, from, ~0U, 0);
  return result == -ENOSYS ? CloseListed(first, spare, other) : result;
}

}  // namespace memcage

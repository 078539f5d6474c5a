#include "watch/child_exit.h"

#include "sys/clock.h"
#include "sys/syscalls.h"

namespace memcage {
bool ReapChild(int pidfd, int options, ChildExit* exit) {
  siginfo_t info{};
  exit->error = sys::WaitPidfd(pidfd, &info, WEXITED | options, &exit->usage).as_int();
  if (exit->error == 0 && info.si_pid == 0) return false;
  exit->code = info.si_code;
  exit->status = info.si_status;
  exit->time_ns = sys::MonotonicNs();
  return true;
}

}  // namespace memcage

#include "cgroup/members.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sys/number.h"
#include "sys/proc_file.h"
#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage::cgroup {
namespace {

using sys::Call;
using sys::Result;

/** Far more than any id. With one more digit it still is a pid_t. */
constexpr pid_t kMostId = 100'000'000;

/** 0 if it has ended, or is in another PID namespace. */
pid_t ProcessOf(pid_t thread) {
  const sys::ProcFile status(thread, "status");
  const char* line = strstr(status.text(), "\nTgid:");
  return line == nullptr ? 0 : sys::LeadingNumber<pid_t>(line + strlen("\nTgid:"));
}

}  // namespace

void Members::Open(int dir_fd) {
  dir_fd_ = dir_fd;
  are_threads_ = false;
  at_ = size_ = 0;
  OpenList("cgroup.procs");
}

void Members::OpenList(const char* file) {
  // Close the old one first, since no other fd may be free.
  fd_.Reset();
  const Result opened = OpenRegaining(dir_fd_, file, O_RDONLY, 0400);
  fd_ = UniqueFd(opened);
  refusal_ = opened < 0 ? opened : Result{};
}

pid_t Members::Next() {
  for (;;) {
    const pid_t id = NextId();
    if (id == 0 || !are_threads_) return id;
    const pid_t process = ProcessOf(id);
    if (process != 0) return process;
  }
}

pid_t Members::NextId() {
  pid_t id = 0;
  for (;;) {
    if (at_ >= size_) {
      const Result size = fd_.valid() ? Call(SYS_read, fd_.get(), buffer_, sizeof(buffer_)) : Result{};
      size_ = size;
      at_ = 0;
      if (size_ == -EOPNOTSUPP && !are_threads_) {
        // A threaded cgroup (v2) lists no processes.
        are_threads_ = true;
        OpenList("cgroup.threads");
        continue;
      }
      if (size < 0) refusal_ = size;
      if (size_ <= 0) return id;
    }
    const char digit = buffer_[at_++];
    if (digit >= '0' && digit <= '9') {
      id = std::min(id, kMostId) * 10 + (digit - '0');
    } else if (id != 0) {
      return id;
    }
    // 0 stands for a process in another PID namespace.
  }
}

}  // namespace memcage::cgroup

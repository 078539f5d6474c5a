#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <algorithm>
#include <cstring>

#include "sys/raw_call.h"
#include "sys/unique_fd.h"

namespace memcage::sys {

/** The beginning of /proc/ID/NAME, read without allocating; '' if it can't be read. */
class ProcFile {
 public:
  /** `name` has at most eight characters. */
  ProcFile(pid_t id, const char* name) {
    char path[32] = "/proc/";
    char* at = path + strlen(path);
    char* const digits = at;
    for (pid_t rest = id; rest > 0; rest /= 10) *at++ = static_cast<char>('0' + rest % 10);
    std::reverse(digits, at);
    *at++ = '/';
    memcpy(at, name, strlen(name) + 1);
    const UniqueFd fd(Call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
    if (fd.valid()) Call(SYS_read, fd.get(), text_, sizeof(text_) - 1);
  }

  [[nodiscard]] const char* text() const { return text_; }

 private:
  char text_[1024] = {};
};

}  // namespace memcage::sys

#include "launcher/report.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "sys/call_names.h"

namespace memcage::launcher {
namespace {

using sys::Call;

// The exit codes of env(1) and docker(1): the program was not found, can't be run, or the launcher failed before that.
constexpr int kNotFound = 127;
constexpr int kNotRunnable = 126;
constexpr int kFailed = 125;

constexpr const char* kNoCallName = "-";

int ExitCode(const Report& report) {
  if (report.stage != Stage::kExec) return kFailed;
  return report.error == -ENOENT ? kNotFound : kNotRunnable;
}

bool IsCgroupGone(const Report& report) {
  return report.stage == Stage::kCgroup && (report.error == -ENOENT || report.error == -ENODEV);
}

/** Text in a buffer of fixed size, truncated at its end. */
class Line {
 public:
  void Add(const char* text) {
    const size_t length = strnlen(text, sizeof(buffer_) - used_);
    memcpy(buffer_ + used_, text, length);
    used_ += length;
  }

  void AddNumber(int number) {
    char digits[12];
    char* at = digits + sizeof(digits);
    *--at = '\0';
    unsigned rest = number < 0 ? 0U - static_cast<unsigned>(number) : static_cast<unsigned>(number);
    do {
      *--at = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (number < 0) *--at = '-';
    Add(at);
  }

  /** Ignores errors: the reader may be gone, and this process ends anyway. */
  void Send(int fd) const {
    for (size_t sent = 0; sent < used_;) {
      const long length = Call(SYS_write, fd, buffer_ + sent, used_ - sent);
      if (length <= 0) return;
      sent += static_cast<size_t>(length);
    }
  }

 private:
  char buffer_[4608] = {};
  size_t used_ = 0;
};

/**
 * The program's limit of files may be in force already. Where standard error is a file, a write beyond it would end
 * this process by a signal, as if the program had run.
 */
void WriteWhatItMay() {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &ignore, nullptr);
  rlimit files{};
  if (getrlimit(RLIMIT_FSIZE, &files) < 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_FSIZE, &files);
}

void AddSubject(Line* line, const Report& report) {
  if (report.subject != nullptr) {
    line->Add(report.subject);
  } else if (report.fd >= 0) {
    line->Add("fd ");
    line->AddNumber(report.fd);
  }
}

}  // namespace

void SendReport(const Report& report, int fd) {
  WriteWhatItMay();
  const char* stage = kStageNames[static_cast<int>(report.stage)];
  const char* call = sys::CallName(report.call);
  Line line;
  if (fd >= 0) {
    line.Add(stage);
    line.Add(" ");
    line.AddNumber(report.error);
    line.Add(" ");
    line.Add(*call == '\0' ? kNoCallName : call);
    line.Add(" ");
    AddSubject(&line, report);
    line.Send(fd);
  } else {
    line.Add("memcage-exec: ");
    AddSubject(&line, report);
    line.Add(": ");
    line.Add(strerror(-report.error));
    line.Add(" (");
    line.Add(stage);
    if (*call != '\0') line.Add(", ");
    line.Add(call);
    line.Add(")");
    if (IsCgroupGone(report)) line.Add(": the launcher or its cage was closed, or their owner has ended");
    line.Add("\n");
    line.Send(STDERR_FILENO);
  }
  // Not exit(): a forked child must not flush the caller's streams or run its exit handlers.
  _exit(ExitCode(report));
}

void RefuseArgument(const char* argument) {
  Line line;
  line.Add("memcage-exec: not an argument of version 1: ");
  line.Add(argument);
  line.Add("\n");
  line.Send(STDERR_FILENO);
  // Not exit(), as in SendReport().
  _exit(kFailed);
}

}  // namespace memcage::launcher

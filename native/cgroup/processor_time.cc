#include "cgroup/processor_time.h"

#include <cerrno>
#include <cstring>

#include "cgroup/files.h"
#include "sys/number.h"

namespace memcage::cgroup {
namespace {

/** `cpu.stat` begins with the line that is looked for. */
constexpr size_t kMostBytes = 256;
constexpr char kKey[] = "usage_usec ";
constexpr int64_t kNsPerUs = 1000;

}  // namespace

int64_t ReadProcessorTime(int fd, TimeFile file) {
  char text[kMostBytes + 1] = {};
  const ssize_t length = ReadOnce(fd, reinterpret_cast<uint8_t*>(text), kMostBytes);
  if (length < 0) return length;
  const char* number = text;
  if (file == TimeFile::kCpuStat) {
    number = strstr(text, kKey);
    if (number == nullptr) return -ENODATA;
    number += strlen(kKey);
  }
  if (*number < '0' || *number > '9') return -ENODATA;
  const auto time = sys::LeadingNumber<int64_t>(number);
  return file == TimeFile::kCpuStat ? time : time / kNsPerUs;
}

}  // namespace memcage::cgroup

#include "starter/likeness.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;

constexpr uint64_t kLimits = 16;
/** IOPRIO_WHO_PROCESS */
constexpr int kOfProcess = 1;
/** The last has the label of a security module, such as AppArmor or SELinux. */
constexpr const char* kFiles[] = {"/proc/thread-self/status", "/proc/thread-self/cgroup",
                                  "/proc/thread-self/oom_score_adj", "/proc/thread-self/attr/current"};
static_assert(std::size(kFiles) == std::tuple_size_v<decltype(LikenessFiles::texts)>);
/** Ids, capabilities, how many filters, mitigations, processors, memory nodes. */
constexpr std::string_view kStatusLines[] = {
    "Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp", "Spec", "Cpus_allowed:", "Mems_allowed:"};
constexpr const char* kNamespaces[] = {
    "mnt", "uts", "ipc", "net", "user", "cgroup", "pid_for_children", "time_for_children"};

/** struct sched_attr, Linux 5.3. */
struct SchedulingAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t deadline[3];
  uint32_t utilization[2];
};

template <typename T>
void Append(std::vector<uint64_t>* numbers, const T& value) {
  static_assert(sizeof(T) % sizeof(uint64_t) == 0 && std::is_trivially_copyable_v<T>);
  constexpr size_t kBytes = sizeof(T);
  constexpr size_t kWords = kBytes / sizeof(uint64_t);
  const size_t at = numbers->size();
  numbers->resize(at + kWords);
  memcpy(numbers->data() + at, &value, sizeof(T));
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t length = 0; (length = pread(fd, buffer, sizeof(buffer), static_cast<off_t>(text.size()))) > 0;) {
    text.append(buffer, static_cast<size_t>(length));
  }
  return text;
}

/** The lines that begin with these words: the others tell what the thread does, and children don't inherit that. */
std::string LinesOf(std::string_view text, std::span<const std::string_view> words) {
  std::string lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    if (std::any_of(words.begin(), words.end(), [&](std::string_view word) { return line.starts_with(word); })) {
      lines += line;
    }
    text.remove_prefix(line.empty() ? text.size() : line.size());
  }
  return lines;
}

uint64_t Number(sys::Result result) { return static_cast<uint64_t>(static_cast<long>(result)); }

}  // namespace

Likeness Likeness::Now(LikenessFiles* files) {
  Likeness like;
  std::vector<uint64_t>& numbers = like.numbers_;
  numbers.reserve(64);
  for (uint64_t resource = 0; resource < kLimits; ++resource) {
    uint64_t limits[2] = {};
    Call(SYS_prlimit64, 0, resource, nullptr, limits);
    Append(&numbers, limits);
  }
  for (const int what : {PR_GET_SECUREBITS, PR_GET_TIMERSLACK, PR_GET_THP_DISABLE}) {
    numbers.push_back(Number(Call(SYS_prctl, what, 0, 0, 0, 0)));
  }
  numbers.push_back(Number(Call(SYS_getsid, 0)));
  numbers.push_back(Number(Call(SYS_getpgid, 0)));
  numbers.push_back(Number(Call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)));
  numbers.push_back(Number(Call(SYS_personality, 0xffffffff)));
  numbers.push_back(Number(Call(SYS_ioprio_get, kOfProcess, 0)));
  SchedulingAttributes scheduling{};
  Call(SYS_sched_getattr, 0, &scheduling, sizeof(scheduling), 0);
  Append(&numbers, scheduling);
  for (size_t i = 0; i < std::size(kFiles); ++i) {
    UniqueFd& file = files->texts[i];
    if (!file.valid()) file.Reset(open(kFiles[i], O_RDONLY | O_CLOEXEC));
    const std::string text = ReadAll(file.get());
    like.texts_ += i == 0 ? LinesOf(text, kStatusLines) : text;
  }
  if (!files->namespaces.valid()) {
    files->namespaces.Reset(open("/proc/thread-self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  for (const char* name : kNamespaces) {
    char link[64];
    const ssize_t length = readlinkat(files->namespaces.get(), name, link, sizeof(link));
    if (length > 0) like.texts_.append(link, static_cast<size_t>(length));
  }
  return like;
}

}  // namespace memcage

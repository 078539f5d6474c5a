#include "starter/likeness.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstring>
#include <type_traits>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage {
namespace {

using sys::Call;

constexpr uint64_t kLimits = 16;
/** IOPRIO_WHO_PROCESS */
constexpr int kOfProcess = 1;
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

void AppendFile(std::string* texts, UniqueFd* file, const char* path) {
  if (!file->valid()) file->Reset(open(path, O_RDONLY | O_CLOEXEC));
  char buffer[4096];
  off_t at = 0;
  for (ssize_t length = 0; (length = pread(file->get(), buffer, sizeof(buffer), at)) > 0; at += length) {
    texts->append(buffer, static_cast<size_t>(length));
  }
}

}  // namespace

Likeness Likeness::Now(LikenessFiles* files) {
  Likeness like;
  std::vector<uint64_t>& numbers = like.numbers_;
  numbers.reserve(128);
  for (uint64_t resource = 0; resource < kLimits; ++resource) {
    uint64_t limits[2] = {};
    Call(SYS_prlimit64, 0, resource, nullptr, limits);
    Append(&numbers, limits);
  }
  uint32_t ids[6] = {};
  Call(SYS_getresuid, ids, ids + 1, ids + 2);
  Call(SYS_getresgid, ids + 3, ids + 4, ids + 5);
  Append(&numbers, ids);
  std::vector<gid_t> groups(static_cast<size_t>(Call(SYS_getgroups, 0, nullptr)));
  Call(SYS_getgroups, groups.size(), groups.data());
  numbers.insert(numbers.end(), groups.begin(), groups.end());
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  Call(SYS_capget, &header, sets);
  Append(&numbers, sets);
  for (const int what :
       {PR_GET_SECUREBITS, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_GET_TIMERSLACK, PR_GET_THP_DISABLE}) {
    numbers.push_back(static_cast<uint64_t>(static_cast<long>(Call(SYS_prctl, what, 0, 0, 0, 0))));
  }
  numbers.push_back(static_cast<uint64_t>(static_cast<long>(Call(SYS_getsid, 0))));
  numbers.push_back(static_cast<uint64_t>(static_cast<long>(Call(SYS_getpgid, 0))));
  numbers.push_back(
      static_cast<uint64_t>(static_cast<long>(Call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0))));
  numbers.push_back(static_cast<uint64_t>(static_cast<long>(Call(SYS_personality, 0xffffffff))));
  numbers.push_back(static_cast<uint64_t>(static_cast<long>(Call(SYS_ioprio_get, kOfProcess, 0))));
  SchedulingAttributes scheduling{};
  Call(SYS_sched_getattr, 0, &scheduling, sizeof(scheduling), 0);
  Append(&numbers, scheduling);
  uint64_t processors[128] = {};
  const long size = Call(SYS_sched_getaffinity, 0, sizeof(processors), processors);
  if (size > 0) numbers.insert(numbers.end(), processors, processors + static_cast<size_t>(size) / sizeof(uint64_t));
  AppendFile(&like.texts_, &files->cgroup, "/proc/thread-self/cgroup");
  AppendFile(&like.texts_, &files->oom_score_adj, "/proc/self/oom_score_adj");
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

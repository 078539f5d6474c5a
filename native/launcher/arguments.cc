#include "launcher/arguments.h"

#include <sched.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "clone/exec_paths.h"
#include "guardian/protocol.h"
#include "launcher/root_arguments.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace memcage::launcher {
namespace {

// More than Linux has.
constexpr size_t kMaxRlimits = 32;

constexpr uint64_t kMaxInt = 0x7fffffff;
constexpr uint64_t kMaxId = 0xffffffff;

/** The plan's limits of resources. */
Rlimit rlimits[kMaxRlimits];

/** Memory that lasts until exec. */
class LastingMemory {
 public:
  /** Zeroed; nullptr if there is none. */
  template <typename T>
  T* Allocate(size_t count) {
    void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<T*>(memory);
  }
};

struct Reader {
  Task* task = nullptr;
  RootArguments root{};
  LastingMemory memory{};

  bool Read(const char* argument);

 private:
  bool ReadWord(const char* argument);
  bool ReadValue(const char* name, size_t length, const char* value);
  bool AddJoin(const char* value);
  bool SetPids(const char* value);
  bool AddRlimit(const char* value);
  bool SetFilter(const char* value);
};

/** Accepts decimal digits up to `max`, and nothing else before `end`. */
bool ToNumber(const char* text, uint64_t max, uint64_t* number, char end = '\0') {
  *number = 0;
  if (*text == end) return false;
  for (; *text != end; ++text) {
    if (*text < '0' || *text > '9') return false;
    const uint64_t digit = static_cast<uint64_t>(*text - '0');
    if (*number > (max - digit) / 10) return false;
    *number = *number * 10 + digit;
  }
  return true;
}

/** -1 if it is no hexadecimal digit. */
int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/** Accepts 16 hexadecimal digits. */
bool ToBits(const char* text, uint64_t* bits) {
  *bits = 0;
  if (strlen(text) != 16) return false;
  for (; *text != '\0'; ++text) {
    const int digit = HexDigit(*text);
    if (digit < 0) return false;
    *bits = *bits << 4 | static_cast<uint64_t>(digit);
  }
  return true;
}

/** Accepts decimal digits, with a sign or without. */
bool SetSigned(const char* text, int* target) {
  const bool negative = *text == '-';
  uint64_t number = 0;
  if (!ToNumber(negative ? text + 1 : text, kMaxInt, &number)) return false;
  *target = negative ? -static_cast<int>(number) : static_cast<int>(number);
  return true;
}

template <typename T>
bool Set(const char* text, uint64_t max, T* target) {
  uint64_t number = 0;
  if (!ToNumber(text, max, &number)) return false;
  *target = static_cast<T>(number);
  return true;
}

bool Reader::Read(const char* argument) {
  if (strncmp(argument, "--", 2) != 0) return false;
  const char* name = argument + 2;
  const char* equals = strchr(name, '=');
  return equals == nullptr ? ReadWord(name) : ReadValue(name, static_cast<size_t>(equals - name), equals + 1);
}

bool Reader::ReadWord(const char* name) {
  SpawnPlan& plan = task->plan;
  const auto is = [&](const char* other) { return strcmp(name, other) == 0; };
  if (is("private-mounts")) return plan.private_mounts = true;
  if (is("mount-proc")) return plan.mount_proc = true;
  if (is("loopback")) return plan.loopback = true;
  if (is("no-new-privs")) return plan.privileges.no_new_privs = true;
  if (is("seccomp-early")) return plan.privileges.filter_early = true;
  if (is("init")) return task->init = true;
  if (is("gate")) return task->gate = true;
  if (is("signals-held")) return task->signals_held = true;
  if (is("gate-parent")) return task->gate_parent = true;
  if (is("entry-point")) return task->init = task->entry_point = true;
  return root.ReadWord(name);
}

bool Reader::ReadValue(const char* name, size_t length, const char* value) {
  SpawnPlan& plan = task->plan;
  const auto is = [&](const char* other) { return strlen(other) == length && strncmp(name, other, length) == 0; };
  if (is("join")) return AddJoin(value);
  if (is("pids")) return SetPids(value);
  if (is("report")) return Set(value, kMaxInt, &task->report_fd);
  if (is("status")) return Set(value, kMaxInt, &task->status_fd);
  if (is("parent")) return Set(value, kMaxInt, &task->parent);
  if (is("uid")) return Set(value, kMaxId, &plan.uid.emplace());
  if (is("gid")) return Set(value, kMaxId, &plan.gid.emplace());
  if (is("unshare")) return Set(value, kMaxInt, &plan.unshare);
  if (is("file")) return (plan.file = value) != nullptr;
  if (is("uid-map")) return (plan.uid_map = value) != nullptr;
  if (is("gid-map")) return (plan.gid_map = value) != nullptr;
  if (is("rlimit")) return AddRlimit(value);
  if (is("nice")) return SetSigned(value, &plan.settings.nice.emplace());
  if (is("capabilities")) return ToBits(value, &plan.privileges.capabilities.emplace());
  if (is("seccomp")) return SetFilter(value);
  if (is("oom-score-adj")) {
    int score = 0;
    plan.settings.oom_score_adj = value;
    return SetSigned(value, &score);
  }
  if (is("hostname")) return (plan.hostname = value) != nullptr;
  return root.ReadValue(name, length, value);
}

bool Reader::AddJoin(const char* value) {
  const size_t count = task->plan.join_fds.size();
  if (count + task->join_path_count == kMaxJoins) return false;
  if (IsAbsolute(value)) {
    task->join_paths[task->join_path_count++] = value;
    return true;
  }
  task->plan.join_fds = {task->join_fds, count + 1};
  return Set(value, kMaxInt, &task->join_fds[count]);
}

bool Reader::SetPids(const char* value) {
  if (!IsAbsolute(value)) return Set(value, kMaxInt, &task->plan.pids_fd);
  task->pids_path = value;
  return true;
}

/** NAME:SOFT:HARD, where `unlimited` is a number too. */
bool Reader::AddRlimit(const char* value) {
  const size_t count = task->plan.settings.rlimits.size();
  const char* soft = strchr(value, ':');
  const char* hard = soft == nullptr ? nullptr : strchr(soft + 1, ':');
  if (hard == nullptr || count == kMaxRlimits) return false;
  Rlimit& limit = rlimits[count];
  limit.resource = FindResource({value, static_cast<size_t>(soft - value)});
  const auto is_unlimited = [](const char* text, char end) {
    constexpr size_t kLength = sizeof("unlimited") - 1;
    return strncmp(text, "unlimited", kLength) == 0 && text[kLength] == end;
  };
  const auto read = [&](const char* text, char end, uint64_t* number) {
    if (!is_unlimited(text, end)) return ToNumber(text, kUnlimited, number, end);
    *number = kUnlimited;
    return true;
  };
  task->plan.settings.rlimits = {rlimits, count + 1};
  return limit.resource >= 0 && read(soft + 1, ':', &limit.soft) && read(hard + 1, '\0', &limit.hard);
}

/** Two hexadecimal digits for each byte. */
bool Reader::SetFilter(const char* value) {
  Privileges& privileges = task->plan.privileges;
  const size_t digits = strlen(value);
  if (digits % 2 != 0 || !IsFilterSize(digits / 2) || !privileges.filter.empty()) return false;
  uint8_t* bytes = memory.Allocate<uint8_t>(digits / 2);
  if (bytes == nullptr) return false;
  for (size_t i = 0; i < digits / 2; ++i) {
    const int high = HexDigit(value[2 * i]);
    const int low = HexDigit(value[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  privileges.filter = {bytes, digits / 2};
  return true;
}

}  // namespace

const char* ReadArguments(int argc, char** argv, char** envp, Task* task) {
  SpawnPlan& plan = task->plan;
  if (argc < 2 || strcmp(argv[1], guardian::kLauncherVersion) != 0) return argc < 2 ? "(none)" : argv[1];
  Reader reader{task};
  int at = 2;
  for (; at < argc && strcmp(argv[at], "--") != 0; ++at) {
    if (!reader.Read(argv[at])) return argv[at];
  }
  if (at + 1 >= argc) return "(no command)";
  if (task->gate && task->report_fd < 0) return "(a gate without a report)";
  if (task->gate_parent && (!task->gate || task->init)) return "(a gate without a parent)";
  if (task->signals_held && !task->init) return "(held signals without an init)";
  if (const char* wrong = reader.root.Finish(&plan)) return wrong;

  constexpr int kForChildren = CLONE_NEWPID | CLONE_NEWTIME;
  task->fork = (plan.unshare & kForChildren) != 0;
  // Made after the joins, so that its root is the cage.
  plan.new_cgroup_namespace = (plan.unshare & CLONE_NEWCGROUP) != 0;
  plan.unshare &= ~CLONE_NEWCGROUP;
  plan.argv = argv + at + 1;
  plan.envp = envp;
  if (plan.file == nullptr) plan.file = plan.argv[0];
  plan.candidates = ExecCandidates(reader.memory, plan.file, envp);
  plan.shell_argv = ShellArguments(reader.memory, plan.argv);
  return plan.candidates == nullptr || plan.shell_argv == nullptr ? "(out of memory)" : nullptr;
}

}  // namespace memcage::launcher

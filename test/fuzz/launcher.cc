// The arguments of memcage-exec: lines of the input, after one for PATH.
#include <sys/mman.h>

#include <charconv>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "input.h"
#include "launcher/arguments.h"

using fuzz::Require;
using memcage::Rlimit;
using memcage::RootMount;
using memcage::RootPlan;
using memcage::RootProc;
using memcage::SpawnPlan;
using memcage::launcher::ReadArguments;
using memcage::launcher::Task;

// The launcher never gives memory back, since exec does. Here each block is one of ASan's, so that it sees its bounds.
namespace {
std::vector<void*> blocks;
bool is_reading = false;
}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier,cppcoreguidelines-no-malloc): the linker makes these names (--wrap).
void* __real_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset);
void* __wrap_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  if (!is_reading) return __real_mmap(address, length, protection, flags, fd, offset);
  blocks.push_back(calloc(1, length));
  return blocks.back();
}
// NOLINTEND(bugprone-reserved-identifier,cppcoreguidelines-no-malloc)
}

namespace {

constexpr const char* kUnlimitedWord = "unlimited";

/** An argument list as exec hands it over: every string in a block of its own. */
class Arguments {
 public:
  explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] int count() const { return static_cast<int>(words_.size()); }
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

const char* Read(Arguments& arguments, Arguments& environment, Task* task) {
  is_reading = true;
  const char* wrong = ReadArguments(arguments.count(), arguments.get(), environment.get(), task);
  is_reading = false;
#ifdef FUZZ_PLANTED
  // As if a number lost its upper half.
  if (task->plan.uid) *task->plan.uid &= 0xffff;
#endif
  return wrong;
}

/** The number that a text is; false if it is none, or does not fit. */
bool IsNumber(const std::string& text, int64_t* number) {
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, *number);
  return failure == std::errc() && rest == end;
}

/** What was said last of each name, as another reader of the same arguments finds it. */
std::map<std::string, std::string> LastOfEach(const std::vector<std::string>& words) {
  std::map<std::string, std::string> last;
  for (size_t i = 2; i < words.size() && words[i] != "--"; ++i) {
    const size_t equals = words[i].find('=');
    if (equals != std::string::npos) last[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  }
  return last;
}

/** Of an argument that is said twice, both must be right. */
void RequireValues(const std::vector<std::string>& words) {
  for (size_t i = 2; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    const std::string value = word.substr(word.find('=') + 1);
    int64_t number = 0;
    for (const char* name : {"--uid=", "--gid=", "--report=", "--status=", "--parent=", "--nice=", "--unshare="}) {
      if (word.starts_with(name)) Require(IsNumber(value, &number), name);
    }
    if (word.starts_with("--root-proc=")) Require(value == "new" || value == "bind", "root-proc");
    for (const char* name :
         {"--root=", "--bind=", "--bind-read-only=", "--bind-from=", "--tmpfs=", "--hide=", "--cwd="}) {
      if (word.starts_with(name)) Require(value.starts_with('/'), name);
    }
  }
}

void RequireNumbers(const std::vector<std::string>& words, const Task& task) {
  const SpawnPlan& plan = task.plan;
  const std::map<std::string, std::string> last = LastOfEach(words);
  const auto is = [&](const char* name, int64_t value, int64_t mask = -1) {
    const auto found = last.find(name);
    int64_t number = 0;
    if (found != last.end()) Require(IsNumber(found->second, &number) && (number & mask) == value, name);
  };
  constexpr int64_t kNewCgroup = 0x02000000;
  is("--uid", plan.uid.value_or(0));
  is("--gid", plan.gid.value_or(0));
  is("--report", task.report_fd);
  is("--status", task.status_fd);
  is("--parent", task.parent);
  is("--nice", plan.settings.nice.value_or(0));
  is("--unshare", plan.unshare, ~kNewCgroup);
  int64_t score = 0;
  if (plan.settings.oom_score_adj != nullptr) Require(IsNumber(plan.settings.oom_score_adj, &score), "oom-score-adj");
  Require(plan.uid.has_value() == last.contains("--uid") && plan.gid.has_value() == last.contains("--gid"),
          "ids are those given");
}

void RequireCandidates(const SpawnPlan& plan) {
  for (const char* const* candidate = plan.candidates; *candidate != nullptr; ++candidate) {
    Require(std::string(*candidate).ends_with(plan.file), "a candidate ends in the file");
  }
  Require(strcmp(plan.shell_argv[0], "/bin/sh") == 0, "the shell's argv");
}

/** Arguments that say the same as the task. */
class Rendered {
 public:
  explicit Rendered(const Task& task) {
    const SpawnPlan& plan = task.plan;
    words_ = {"memcage-exec", "1"};
    if (plan.private_mounts) Add("private-mounts");
    if (plan.mount_proc) Add("mount-proc");
    if (plan.loopback) Add("loopback");
    if (plan.privileges.no_new_privs) Add("no-new-privs");
    if (plan.privileges.filter_early) Add("seccomp-early");
    if (task.entry_point) Add("entry-point");
    if (task.init) Add("init");
    if (task.gate) Add("gate");
    if (task.gate_parent) Add("gate-parent");
    for (const int fd : plan.join_fds) Add("join", std::to_string(fd));
    for (size_t i = 0; i < task.join_path_count; ++i) Add("join", task.join_paths[i]);
    if (plan.pids_fd >= 0) Add("pids", std::to_string(plan.pids_fd));
    if (task.pids_path != nullptr) Add("pids", task.pids_path);
    if (task.report_fd >= 0) Add("report", std::to_string(task.report_fd));
    if (task.status_fd >= 0) Add("status", std::to_string(task.status_fd));
    Add("parent", std::to_string(task.parent));
    if (plan.uid) Add("uid", std::to_string(*plan.uid));
    if (plan.gid) Add("gid", std::to_string(*plan.gid));
    Add("unshare", std::to_string(plan.unshare | (plan.new_cgroup_namespace ? 0x02000000 : 0)));
    if (plan.file != plan.argv[0]) Add("file", plan.file);
    if (plan.uid_map != nullptr) Add("uid-map", plan.uid_map);
    if (plan.gid_map != nullptr) Add("gid-map", plan.gid_map);
    if (plan.hostname != nullptr) Add("hostname", plan.hostname);
    if (plan.settings.nice) Add("nice", std::to_string(*plan.settings.nice));
    if (plan.settings.oom_score_adj != nullptr) Add("oom-score-adj", plan.settings.oom_score_adj);
    for (const Rlimit& limit : plan.settings.rlimits) AddLimit(limit);
    AddPrivileges(plan);
    if (plan.root != nullptr) AddRoot(*plan.root);
    words_.emplace_back("--");
    for (char* const* word = plan.argv; *word != nullptr; ++word) words_.emplace_back(*word);
  }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  void Add(const std::string& name) { words_.push_back("--" + name); }
  void Add(const std::string& name, const std::string& value) { Add(name + "=" + value); }
  void AddLimit(const Rlimit& limit) {
    const auto text = [](uint64_t number) {
      return number == memcage::kUnlimited ? std::string(kUnlimitedWord) : std::to_string(number);
    };
    Add("rlimit",
        std::string(memcage::ResourceAt(limit.resource).name) + ":" + text(limit.soft) + ":" + text(limit.hard));
  }
  static std::string Hex(const uint8_t* bytes, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) {
      text += "0123456789abcdef"[bytes[i] >> 4];
      text += "0123456789abcdef"[bytes[i] & 15];
    }
    return text;
  }
  void AddPrivileges(const SpawnPlan& plan) {
    const memcage::Privileges& given = plan.privileges;
    if (given.capabilities) {
      uint8_t bytes[8];
      for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(*given.capabilities >> (56 - 8 * i));
      Add("capabilities", Hex(bytes, sizeof(bytes)));
    }
    if (!given.filter.empty()) Add("seccomp", Hex(given.filter.data(), given.filter.size()));
  }
  void AddTmpfs(const memcage::TmpfsOptions& tmpfs) {
    if (tmpfs.size != nullptr) Add("tmpfs-size", tmpfs.size);
    if (tmpfs.mode != nullptr) Add("tmpfs-mode", tmpfs.mode);
  }
  void AddRoot(const RootPlan& root) {
    if (root.empty) {
      AddTmpfs(root.empty_options);
      Add("root-empty");
    } else if (root.path != nullptr) {
      Add("root", root.path);
    } else {
      Add("root-own");
    }
    if (root.read_only) Add("root-read-only");
    if (root.dev) Add("root-dev");
    if (root.proc != RootProc::kKeep) Add("root-proc", root.proc == RootProc::kNew ? "new" : "bind");
    for (const RootMount& mount : root.mounts) AddMount(mount);
    for (const char* path : root.hide) Add("hide", path);
    Add("cwd", root.cwd);
  }
  void AddMount(const RootMount& mount) {
    if (mount.create) Add("create");
    if (mount.from == nullptr) {
      AddTmpfs(mount.tmpfs);
      Add("tmpfs", mount.to);
    } else {
      Add("bind-from", mount.from);
      Add(mount.read_only ? "bind-read-only" : "bind", mount.to);
    }
  }

  std::vector<std::string> words_;
};

void FreeBlocks() {
  // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): they are calloc's.
  for (void* block : blocks) free(block);
  blocks.clear();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const std::string path = input.Until('\n');
  std::vector<std::string> words = {"memcage-exec"};
  // A string of argv ends at its first NUL.
  while (input.left() > 0) words.emplace_back(input.Until('\n').c_str());
  Arguments environment(path.empty() ? std::vector<std::string>{} : std::vector{"PATH=" + std::string(path.c_str())});
  Arguments arguments(words);
  Task task{};
  if (Read(arguments, environment, &task) == nullptr) {
    RequireValues(words);
    RequireNumbers(words, task);
    RequireCandidates(task.plan);
    // Another reading of what was understood gives the same, to the last word.
    const Rendered rendered(task);
    Arguments again(rendered.words());
    Task second{};
    Require(Read(again, environment, &second) == nullptr, "what was understood can be said");
    Require(Rendered(second).words() == rendered.words(), "it is understood as the same");
  }
  FreeBlocks();
  return 0;
}

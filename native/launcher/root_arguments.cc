#include "launcher/root_arguments.h"

#include <sched.h>

#include <cstring>

namespace memcage::launcher {
namespace {

constexpr size_t kMaxHidden = 1024;
// Untouched, they take no memory.
RootMount mounts[kMaxRootMounts];
const char* hidden[kMaxHidden];

constexpr const char* kTmpfsMode = "1777";

bool SetPath(const char* value, const char** path) {
  if (!IsAbsolute(value)) return false;
  *path = value;
  return true;
}

bool IsSaid(const RootMount& mount) {
  return mount.create || mount.from != nullptr || mount.tmpfs.size != nullptr || mount.tmpfs.mode != nullptr;
}

}  // namespace

bool RootArguments::SetRoot() {
  if (is_given_) return false;
  return is_given_ = true;
}

bool RootArguments::SetProc(const char* value) {
  const bool is_new = strcmp(value, "new") == 0;
  if (!is_new && strcmp(value, "bind") != 0) return false;
  root_.proc = is_new ? RootProc::kNew : RootProc::kBind;
  return true;
}

bool RootArguments::ReadWord(const char* name) {
  const auto is = [&](const char* other) { return strcmp(name, other) == 0; };
  if (is("root-own")) return SetRoot();
  if (is("root-empty")) {
    if (next_.create || next_.from != nullptr) return false;
    root_.empty = true;
    root_.empty_options.size = next_.tmpfs.size;
    if (next_.tmpfs.mode != nullptr) root_.empty_options.mode = next_.tmpfs.mode;
    next_ = {};
    return SetRoot();
  }
  if (is("root-read-only")) return root_.read_only = true;
  if (is("root-dev")) return root_.dev = true;
  if (is("create")) return next_.create = true;
  return false;
}

bool RootArguments::ReadValue(const char* name, size_t length, const char* value) {
  const auto is = [&](const char* other) { return strlen(other) == length && strncmp(name, other, length) == 0; };
  if (is("root")) return SetPath(value, &root_.path) && SetRoot();
  if (is("root-proc")) return SetProc(value);
  if (is("bind-from")) return SetPath(value, &next_.from);
  if (is("bind")) return AddMount(value, true, false);
  if (is("bind-read-only")) return AddMount(value, true, true);
  if (is("tmpfs-size")) return (next_.tmpfs.size = value) != nullptr;
  if (is("tmpfs-mode")) return (next_.tmpfs.mode = value) != nullptr;
  if (is("tmpfs")) return AddMount(value, false, false);
  if (is("hide")) return Hide(value);
  if (is("cwd")) return SetPath(value, &root_.cwd);
  return false;
}

bool RootArguments::AddMount(const char* to, bool is_bind, bool read_only) {
  const bool has_tmpfs = next_.tmpfs.size != nullptr || next_.tmpfs.mode != nullptr;
  const size_t count = root_.mounts.size();
  if (count == kMaxRootMounts || is_bind != (next_.from != nullptr) || (is_bind && has_tmpfs)) return false;
  if (!SetPath(to, &next_.to)) return false;
  if (next_.tmpfs.mode == nullptr) next_.tmpfs.mode = kTmpfsMode;
  next_.read_only = read_only;
  mounts[count] = next_;
  root_.mounts = {mounts, count + 1};
  next_ = {};
  return true;
}

bool RootArguments::Hide(const char* path) {
  const size_t count = root_.hide.size();
  if (count == kMaxHidden) return false;
  root_.hide = {hidden, count + 1};
  return SetPath(path, &hidden[count]) && EndsInName(path);
}

const char* RootArguments::Finish(SpawnPlan* plan) {
  static RootPlan root;
  if (IsSaid(next_)) return "(no target of a mount)";
  if (!is_given_) {
    const bool is_used = root_.read_only || root_.dev || root_.proc != RootProc::kKeep || !root_.mounts.empty() ||
                         !root_.hide.empty() || root_.cwd != nullptr;
    return is_used ? "(mounts without a root)" : nullptr;
  }
  // Without mounts of its own the program would change the caller's root.
  if ((plan->unshare & CLONE_NEWNS) == 0 || !plan->private_mounts) return "(a root without private mounts)";
  if (plan->mount_proc) return "(a root with --mount-proc)";
  if (root_.proc == RootProc::kNew && (plan->unshare & CLONE_NEWPID) == 0)
    return "(a new /proc of an old PID namespace)";
  root = root_;
  if (root.cwd == nullptr) root.cwd = "/";
  plan->root = &root;
  return nullptr;
}

}  // namespace memcage::launcher

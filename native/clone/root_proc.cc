#include "clone/root_proc.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

#include "clone/child.h"
#include "sys/mount_calls.h"

namespace memcage {
namespace {

using sys::Call;

constexpr const char* kProc = "/proc";

// What the kernel lets uid 0 write to or read there, whatever capabilities a process has. They are of the whole
// machine. The lists are those of container engines.
constexpr const char* kReadOnly[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"};
constexpr const char* kHidden[] = {"/proc/acpi",          "/proc/kcore",       "/proc/keys", "/proc/timer_list",
                                   "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi"};

const char* NameInProc(const char* path) { return path + sizeof("/proc/") - 1; }

/** Makes a file of /proc read-only, which is the working directory. */
void MakeReadOnly(const SpawnPlan& plan, const char* path) {
  const char* name = NameInProc(path);
  sys::Result result = Call(SYS_mount, name, name, nullptr, MS_BIND | MS_REC, nullptr);
  if (result == -ENOENT) return;
  Check(plan, Stage::kRootProc, result, path);
  result = sys::SetReadOnlyAt(AT_FDCWD, name, sys::kAtRecursive);
  // Before Linux 5.12. What is mounted below stays as it is.
  if (result == -ENOSYS) {
    constexpr unsigned long kFlags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    result = Call(SYS_mount, nullptr, name, nullptr, kFlags, nullptr);
  }
  Check(plan, Stage::kRootProc, result, path);
}

void HideIn(const SpawnPlan& plan, const Roots& roots, int proc, const char* path) {
  const sys::Result found = Call(SYS_openat, proc, NameInProc(path), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  if (found == -ENOENT) return;
  Check(plan, Stage::kRootProc, found, path);
  Cover(plan, roots, found.as_int(), Stage::kRootProc, path);
}

}  // namespace

void MountProc(const SpawnPlan& plan, Roots* roots) {
  const RootPlan& root = *plan.root;
  if (root.proc == RootProc::kKeep) return;
  int proc = -1;
  if (root.proc == RootProc::kBind) {
    proc = CopyOutside(plan, *roots, kProc, Stage::kRootProc, kProc);
  } else {
    // No options of proc(5).
    const sys::Result tree =
        sys::NewMount("proc", {{"source", "proc"}}, sys::kMountNoSuid | sys::kMountNoDev | sys::kMountNoExec);
    Check(plan, Stage::kRootProc, tree, kProc);
    proc = tree.as_int();
  }
  roots->proc = MountInside(plan, *roots, proc, {Stage::kRootProc, kProc, root.empty});
  Check(plan, Stage::kRootProc, Call(SYS_fchdir, proc), kProc);
  for (const char* path : kReadOnly) MakeReadOnly(plan, path);
  for (const char* path : kHidden) HideIn(plan, *roots, proc, path);
  Call(SYS_close, proc);
}

}  // namespace memcage

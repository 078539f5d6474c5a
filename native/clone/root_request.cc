#include "clone/root_request.h"

namespace memcage {
namespace {

TmpfsOptions View(const TmpfsRequest& tmpfs) {
  return {tmpfs.size ? tmpfs.size->c_str() : nullptr, tmpfs.mode.c_str()};
}

/** With "file/" or "file/." the kernel wants a directory, and there would be nothing to hide. */
bool EndsInName(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string last = path.substr(slash + 1);
  return path == "/" || (!last.empty() && last != "." && last != "..");
}

bool IsAbsolute(const std::string& path) { return path.starts_with('/'); }

}  // namespace

const RootPlan* RootRequest::Plan() {
  mounts_.clear();
  for (const MountRequest& mount : mounts) {
    const char* from = mount.from ? mount.from->c_str() : nullptr;
    mounts_.push_back({from, mount.to.c_str(), View(mount.tmpfs), mount.read_only, mount.create});
  }
  hide_.clear();
  for (const std::string& covered : hide) hide_.push_back(covered.c_str());
  plan_.path = path ? path->c_str() : nullptr;
  plan_.empty = empty;
  plan_.empty_options = View(empty_options);
  plan_.read_only = read_only;
  plan_.mounts = mounts_.data();
  plan_.mount_count = static_cast<int>(mounts_.size());
  plan_.hide = hide_.data();
  plan_.hide_count = static_cast<int>(hide_.size());
  plan_.proc = proc;
  plan_.dev = dev;
  plan_.cwd = cwd.c_str();
  return &plan_;
}

const char* WhyRefused(const RootRequest& root) {
  constexpr const char* kAbsolute = "Expected absolute paths in root";
  if (root.path && root.empty) return "Expected no path with empty in root";
  if ((root.path && !IsAbsolute(*root.path)) || !IsAbsolute(root.cwd)) return kAbsolute;
  if (root.mounts.size() > kMaxRootMounts) return "Expected at most 1024 mounts in root";
  for (const MountRequest& mount : root.mounts) {
    if ((mount.from && !IsAbsolute(*mount.from)) || !IsAbsolute(mount.to)) return kAbsolute;
  }
  for (const std::string& path : root.hide) {
    if (!IsAbsolute(path)) return kAbsolute;
    if (!EndsInName(path)) return "Expected paths that end in a name in hide of root";
  }
  return nullptr;
}

}  // namespace memcage

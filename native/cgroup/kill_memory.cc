#include "cgroup/kill_memory.h"

#include <sys/mman.h>

namespace memcage::cgroup {
namespace {

constexpr size_t kTargetBytes = kMostTargets * sizeof(Target);
constexpr size_t kBytes = kTargetBytes + kMostLevels * sizeof(Level);
static_assert(kTargetBytes % alignof(Level) == 0);

}  // namespace

KillMemory::KillMemory()
    : at_(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
  if (!valid()) return;
  auto* const targets = static_cast<Target*>(at_);
  auto* const levels = reinterpret_cast<Level*>(static_cast<char*>(at_) + kTargetBytes);
  storage_ = {levels, kMostLevels, targets, kMostTargets};
}

KillMemory::~KillMemory() {
  if (valid()) munmap(at_, kBytes);
}

bool KillMemory::valid() const { return at_ != MAP_FAILED; }

}  // namespace memcage::cgroup

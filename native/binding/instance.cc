#include "binding/instance.h"

#include <unistd.h>

#include "guardian/client.h"
#include "sys/syscalls.h"

namespace memcage {

Instance::Instance(Napi::Env env)
    : starter([this] { return watcher.EnsureThread().error; }),
      delivery(env, &watcher),
      watcher(&starter.watchdog(), [this] { delivery.Notify(); }) {}

Instance::~Instance() {
  // Children first: they are killed through pidfds that were handed out.
  watcher.Stop();
  for (const int fd : handed_out_) close(fd);
  // A worker that is terminated runs no code of its own any more.
  for (const auto& [name, kind] : guarded) {
    if (kind != guardian::Kind::kDetached) Guardian().Tell(guardian::Order::kEnd, name);
  }
}

int Instance::HandOut(UniqueFd fd) {
  handed_out_.insert(fd.get());
  return fd.Release();
}

void Instance::Close(int fd) {
  // Its number may be another's soon, whom the end of the environment must not hit.
  watcher.Unwatch(fd);
  handed_out_.erase(fd);
  close(fd);
}

void Instance::GiveAway(int fd) { handed_out_.erase(fd); }

}  // namespace memcage

#include "binding/instance.h"

#include <unistd.h>

#include "guardian/client.h"
#include "sys/syscalls.h"

namespace memcage {

Instance::Instance(Napi::Env env)
    : child_starter([this] { return watcher.EnsureThread(); }, &arena),
      starter(&child_starter),
      delivery(env, &watcher),
      watcher(&child_starter.watchdog(), [this] { delivery.Notify(); }) {}

Instance::~Instance() {
  // End the children first: that uses pidfds which were handed out.
  watcher.Stop();
  for (const int fd : handed_out_) close(fd);
  // A worker that is terminated no longer runs its own code.
  GuardianState::OfProcess()->open_cages -= open_cages;
  for (const auto& [name, kind] : guarded) {
    if (kind != guardian::Kind::kDetached) Guardian().Tell(guardian::Order::kEnd, name);
  }
}

int Instance::HandOut(UniqueFd fd) {
  handed_out_.insert(fd.get());
  return fd.Release();
}

UniqueFd Instance::TakeBack(int fd) {
  // Another fd may have its number soon. The end of the environment must not hit that one.
  watcher.Unwatch(fd);
  handed_out_.erase(fd);
  return UniqueFd(fd);
}

void Instance::GiveAway(int fd) { handed_out_.erase(fd); }

Expected<Watcher*> RunningWatcher(Napi::Env env) {
  Watcher& watcher = Instance::Of(env).watcher;
  if (Expected<> running = watcher.EnsureThread(); !running) return running.error();
  return &watcher;
}

}  // namespace memcage

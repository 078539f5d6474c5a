#pragma once

#include <napi.h>

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "binding/event_delivery.h"
#include "binding/sealed_program.h"
#include "clone/child_starter.h"
#include "guardian/protocol.h"
#include "starter/client.h"
#include "sys/errors.h"
#include "sys/unique_fd.h"
#include "watch/watcher.h"

namespace memcage {

/** What one environment (the main thread, or a worker) owns. Members are destroyed last to first. */
class Instance {
 public:
  explicit Instance(Napi::Env env);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance();

  static Instance& Of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

  /**
   * Hands an fd to JavaScript. If JavaScript has not closed it, it is closed, and so unlocked, with the environment.
   */
  int HandOut(UniqueFd fd);
  void Close(int fd) { TakeBack(fd); }
  /** Whoever has it now closes it. */
  UniqueFd TakeBack(int fd);
  /** From now on someone else closes it. */
  void GiveAway(int fd);

  Arena arena;
  ChildStarter child_starter;
  Starter starter;
  SealedProgram sealed_program;
  EventDelivery delivery;
  /** The directories that this environment told the guardian of. They end with the environment. */
  std::unordered_map<std::string, guardian::Kind> guarded;
  /** The open cages of this environment, which the state of the process counts too. */
  int open_cages = 0;

 private:
  std::unordered_set<int> handed_out_;

 public:
  Watcher watcher;
};

/** The watcher of the environment, whose thread runs from now on. */
Expected<Watcher*> RunningWatcher(Napi::Env env);

}  // namespace memcage

#pragma once

#include <napi.h>

#include <string>
#include <variant>

#include "binding/instance.h"
#include "clone/spawn_request.h"
#include "clone/stages.h"
#include "sys/unique_fd.h"

namespace memcage {

struct Failure {
  Stage stage;
  int error;
  std::string path;
  std::string output = {};
};

/** The pid, and the pidfd in `pidfd`, once the child has reached exec; or what failed, and no child left. */
std::variant<pid_t, Failure> StartChild(Instance& instance, SpawnRequest& request, UniqueFd* pidfd);

/** As the contract has it. */
Napi::Object ToJs(Napi::Env env, const Failure& failure);

}  // namespace memcage

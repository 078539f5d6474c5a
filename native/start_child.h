#pragma once

#include <napi.h>

#include <string>
#include <variant>

#include "instance.h"
#include "spawn_request.h"
#include "stages.h"
#include "unique_fd.h"

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

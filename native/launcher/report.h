#pragma once

#include "clone/spawn_plan.h"

namespace memcage::launcher {

/** Sends "STAGE ERRNO CALL SUBJECT" to the fd, or without one a message to stderr. Ends the process with env(1)'s code.
 */
[[noreturn]] void SendReport(const Report& report, int fd);

[[noreturn]] void RefuseArgument(const char* argument);

}  // namespace memcage::launcher

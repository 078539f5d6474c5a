#pragma once

#include <optional>

#include "binding/options.h"
#include "clone/root_request.h"

namespace memcage {

/** Reads the option `root` of clone(). */
std::optional<RootRequest> ReadRoot(Options& options);

}  // namespace memcage

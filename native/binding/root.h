#pragma once

#include <optional>

#include "binding/args.h"
#include "clone/root_request.h"

namespace memcage {

/** Reads the option `root` of clone(). */
std::optional<RootRequest> ReadRoot(ArgumentReader& options);

}  // namespace memcage

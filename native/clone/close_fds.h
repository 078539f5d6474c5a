#pragma once

namespace memcage {

/** Closes every fd from `first` on but `spare`, which may be -1. Returns 0 or a negative errno. */
long CloseFdsFrom(int first, int spare = -1);

}  // namespace memcage

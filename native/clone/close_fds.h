#pragma once

namespace memcage {

/** Closes every fd from `first` on but `spare` and `other`, which may be -1. Returns 0 or a negative errno. */
long CloseFdsFrom(int first, int spare = -1, int other = -1);

}  // namespace memcage

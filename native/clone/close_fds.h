#pragma once

#include "sys/raw_call.h"

namespace memcage {

/** Closes every fd from `first` on but `spare` and `other`, which may be -1. */
sys::Result CloseFdsFrom(int first, int spare = -1, int other = -1);

}  // namespace memcage

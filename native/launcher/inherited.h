#pragma once

#include "sys/raw_call.h"

namespace memcage::launcher {

/**
 * Closes every fd from `first` on but `spare` by which more can be reached than what is open: a directory, or what was
 * opened with O_PATH.
 */
sys::Result CloseDirectoriesFrom(int first, int spare);

}  // namespace memcage::launcher

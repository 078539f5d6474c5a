#pragma once

#include "sys/raw_call.h"

namespace memcage::launcher {

/**
 * Continues in a sealed copy in memory, so that root in the PID namespace can't write to this program's file through
 * /proc/1/exe (CVE-2019-5736). Returns 0 in the copy.
 */
sys::Result RunSealed(char** argv, char** envp);

}  // namespace memcage::launcher

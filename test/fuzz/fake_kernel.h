#pragma once

namespace fuzz {

/** Whether this thread's calls of the system are answered by the input. */
void SetFaked(bool faked);

}  // namespace fuzz

#pragma once

namespace memcage::launcher {

/** Starts children for the process that this one's argument names, until that ends. */
[[noreturn]] void StartChildren();

}  // namespace memcage::launcher

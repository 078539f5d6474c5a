#pragma once

#include <cstddef>

namespace memcage {

/**
 * The stack on which a child runs until exec, with a guard page below it. It is made once per environment, whose thread
 * is suspended while a child uses it.
 */
class VforkStack {
 public:
  VforkStack() = default;
  VforkStack(const VforkStack&) = delete;
  VforkStack& operator=(const VforkStack&) = delete;
  ~VforkStack();

  /** Makes the stack, unless it exists already. Returns 0 or a negative errno. */
  int Ensure();

  /** The lowest usable address, and the size, as clone3(2) takes them. */
  [[nodiscard]] char* base() const { return base_; }
  [[nodiscard]] static size_t size();

 private:
  char* mapping_ = nullptr;
  char* base_ = nullptr;
};

}  // namespace memcage

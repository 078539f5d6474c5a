#pragma once

#include <utility>

#include "sys/errors.h"

namespace memcage {

/** True with the value in `to`, or false with the refusal in `refused`. */
template <typename T>
bool Took(Expected<T> outcome, T* to, Refusal* refused) {
  if (outcome) {
    *to = std::move(*outcome);
    return true;
  }
  *refused = outcome.error();
  return false;
}

inline bool Took(const Expected<>& outcome, Refusal* refused) {
  if (!outcome) *refused = outcome.error();
  return static_cast<bool>(outcome);
}

}  // namespace memcage

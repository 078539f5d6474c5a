#pragma once

#include <string>

#include "tasks.h"

namespace memcage::overseer {

/** A call that a role makes within the windows, counted from 1. In a rule 0 is each of them. */
struct Point {
  Role role;
  int call;
  int nth;
  bool operator<(const Point& other) const;
  bool operator==(const Point& other) const;
  [[nodiscard]] bool Includes(const Point& other) const;
};

/** What happens at a point. */
struct Rule {
  enum class Kind { kFail, kKill, kStop, kHold };
  Kind kind;
  Point point;
  /** kFail: what the call returns, unmade. */
  int error = 0;
  /** kKill, kStop: whom. */
  bool parent = false;
  bool guardian = false;
  /** kHold: until this call begins. */
  Point until{};
};

/**
 * Reads `fail ROLE CALL N ERRNO`, `kill WHOM ROLE CALL N`, `stop WHOM ROLE CALL N` or `hold ROLE CALL N ROLE CALL N`.
 * WHOM is `parent`, `guardian`, or `both`: the guardian first. False: it is none.
 */
bool ReadRule(const std::string& text, Rule* rule);

}  // namespace memcage::overseer

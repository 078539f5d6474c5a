#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <vector>

#include "tasks.h"

namespace memcage::overseer {

/** A call that a role makes within the windows. */
struct Point {
  Role role;
  int call;
  /** What it is about. */
  std::string subject;
};

/** Points of one kind, or one of them. */
class Pattern {
 public:
  /** Reads `ROLE CALL N`, or `ROLE CALL N:REGEX` for the Nth one of those whose subject is such. N 0 is each. False: it
   * is none. */
  bool Read(std::istream& words);
  /** To be asked once for each point, since it counts them. */
  bool Meets(const Point& point);
  /** Whether it has met its point. */
  [[nodiscard]] bool was_met() const { return seen_ > 0 && seen_ >= nth_; }

 private:
  struct FreeRegex {
    void operator()(regex_t* regex) const {
      regfree(regex);
      delete regex;
    }
  };

  Role role_{};
  /** None. */
  int call_ = -1;
  int nth_ = 0;
  std::shared_ptr<regex_t> subject_;
  int seen_ = 0;
};

/** When a call that is held goes on. */
struct Until {
  enum class Kind {
    /** The call has come. */
    kComes,
    /** It has returned, or who made it has ended. */
    kReturns,
    /** The nth process that a role has begun in the windows is dead, whatever it had become. */
    kEnds,
    /** The command has ended. */
    kCommand,
  };
  Kind kind = Kind::kComes;
  Pattern point;
  Role role{};
  int nth = 0;
};

/** What happens at a point. */
struct Rule {
  enum class Kind { kFail, kKill, kStop, kHold, kRun };
  Kind kind;
  Pattern point;
  /** kFail: what the call returns, unmade. */
  int error = 0;
  /** kKill, kStop: whom, one after another. */
  std::vector<Role> whom;
  /** kHold, kRun. */
  Until until;
  /** kRun: what the shell carries out meanwhile. */
  std::string command;
};

/**
 * Reads `fail POINT ERRNO`, `kill WHOM POINT`, `stop WHOM POINT`, `hold POINT POINT`, `hold POINT after POINT`,
 * `hold POINT end ROLE N` or `run POINT COMMAND`. WHOM is `parent`, `guardian`, `starter`, or `both`: the
 * guardian, then the parent. False: it is none.
 */
bool ReadRule(const std::string& text, Rule* rule);

}  // namespace memcage::overseer

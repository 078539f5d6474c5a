#include "rules.h"

#include <sstream>
#include <tuple>

#include "calls.h"

namespace memcage::overseer {
namespace {

bool ReadPoint(std::istringstream& words, Point* point) {
  std::string role;
  std::string name;
  if (!(words >> role >> name >> point->nth) || !FindRole(role, &point->role)) return false;
  const Call* call = FindCall(name);
  if (call == nullptr) return false;
  point->call = call->number;
  return point->nth >= 0;
}

bool ReadWhom(std::istringstream& words, Rule* rule) {
  std::string whom;
  words >> whom;
  rule->parent = whom == "parent" || whom == "both";
  rule->guardian = whom == "guardian" || whom == "both";
  return rule->parent || rule->guardian;
}

bool ReadRest(const std::string& kind, std::istringstream& words, Rule* rule) {
  if (kind == "fail") {
    rule->kind = Rule::Kind::kFail;
    return ReadPoint(words, &rule->point) && (words >> rule->error) && rule->error > 0;
  }
  if (kind == "hold") {
    rule->kind = Rule::Kind::kHold;
    return ReadPoint(words, &rule->point) && ReadPoint(words, &rule->until);
  }
  rule->kind = kind == "kill" ? Rule::Kind::kKill : Rule::Kind::kStop;
  return (kind == "kill" || kind == "stop") && ReadWhom(words, rule) && ReadPoint(words, &rule->point);
}

}  // namespace

bool Point::operator<(const Point& other) const {
  return std::tie(role, call, nth) < std::tie(other.role, other.call, other.nth);
}

bool Point::operator==(const Point& other) const { return !(*this < other) && !(other < *this); }

bool Point::Includes(const Point& other) const {
  return role == other.role && call == other.call && (nth == 0 || nth == other.nth);
}

bool ReadRule(const std::string& text, Rule* rule) {
  std::istringstream words(text);
  std::string kind;
  std::string more;
  return (words >> kind) && ReadRest(kind, words, rule) && !(words >> more);
}

}  // namespace memcage::overseer

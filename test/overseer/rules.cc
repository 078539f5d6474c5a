#include "rules.h"

#include <cstdlib>
#include <sstream>
#include <utility>

#include "calls.h"

namespace memcage::overseer {
namespace {

bool IsStruck(Role role) { return role == Role::kParent || role == Role::kGuardian || role == Role::kStarter; }

bool ReadWhom(std::istream& words, Rule* rule) {
  std::string whom;
  words >> whom;
  Role role{};
  if (whom == "both") {
    rule->whom.push_back(Role::kGuardian);
    rule->whom.push_back(Role::kParent);
  } else if (FindRole(whom, &role) && IsStruck(role)) {
    rule->whom.push_back(role);
  }
  return !rule->whom.empty();
}

bool ReadUntil(std::istream& words, Until* until) {
  const std::istream::pos_type start = words.tellg();
  std::string kind;
  words >> kind;
  if (kind == "end") {
    until->kind = Until::Kind::kEnds;
    std::string role;
    return (words >> role >> until->nth) && FindRole(role, &until->role) && until->nth > 0;
  }
  if (kind == "after")
    until->kind = Until::Kind::kReturns;
  else
    words.seekg(start);
  return until->point.Read(words);
}

bool ReadRest(const std::string& kind, std::istream& words, Rule* rule) {
  if (kind == "fail") {
    rule->kind = Rule::Kind::kFail;
    return rule->point.Read(words) && (words >> rule->error) && rule->error > 0;
  }
  if (kind == "hold") {
    rule->kind = Rule::Kind::kHold;
    return rule->point.Read(words) && ReadUntil(words, &rule->until);
  }
  if (kind == "run") {
    rule->kind = Rule::Kind::kRun;
    rule->until.kind = Until::Kind::kCommand;
    return rule->point.Read(words) && std::getline(words >> std::ws, rule->command, '\0');
  }
  rule->kind = kind == "kill" ? Rule::Kind::kKill : Rule::Kind::kStop;
  return (kind == "kill" || kind == "stop") && ReadWhom(words, rule) && rule->point.Read(words);
}

}  // namespace

bool Pattern::Read(std::istream& words) {
  std::string role;
  std::string name;
  std::string which;
  if (!(words >> role >> name >> which) || !FindRole(role, &role_)) return false;
  const Call* call = FindCall(name);
  if (call == nullptr) return false;
  call_ = call->number;
  char* end = nullptr;
  const long nth = strtol(which.c_str(), &end, 10);
  if (end == which.c_str() || nth < 0) return false;
  nth_ = static_cast<int>(nth);
  if (*end == '\0') return true;
  if (*end != ':') return false;
  auto* regex = new regex_t;
  if (regcomp(regex, end + 1, REG_EXTENDED | REG_NOSUB) != 0) {
    delete regex;
    return false;
  }
  subject_ = std::shared_ptr<regex_t>(regex, FreeRegex());
  return true;
}

bool Pattern::Meets(const Point& point) {
  if (point.role != role_ || point.call != call_) return false;
  if (subject_ != nullptr && regexec(subject_.get(), point.subject.c_str(), 0, nullptr, 0) != 0) return false;
  seen_ += 1;
  return nth_ == 0 || nth_ == seen_;
}

bool ReadRule(const std::string& text, Rule* rule) {
  std::istringstream words(text);
  std::string kind;
  std::string more;
  return (words >> kind) && ReadRest(kind, words, rule) && !(words >> more);
}

}  // namespace memcage::overseer

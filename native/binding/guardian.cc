#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/throw.h"
#include "binding/to_js.h"
#include "guardian/client.h"
#include "guardian/process_state.h"

namespace memcage {
namespace {

std::optional<guardian::Kind> ParseKind(const std::string& kind) {
  if (kind == "owner") return guardian::Kind::kOwner;
  if (kind == "detached") return guardian::Kind::kDetached;
  if (kind == "leaf") return guardian::Kind::kLeaf;
  return std::nullopt;
}

Napi::Value StartGuardian(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const std::string file = options.String("file");
  if (!options.ok()) return info.Env().Undefined();
  const std::optional<CloneFailure> failure = Guardian().Ensure(Instance::Of(info.Env()).starter, file);
  return failure ? ToJs(info.Env(), *failure) : info.Env().Null();
}

void Guard(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string name = options.String("name");
  const std::string kind_name = options.String("kind");
  if (!options.ok()) return;
  const std::optional<guardian::Kind> kind = ParseKind(kind_name);
  if (!kind) return ThrowInvalidArgument(info.Env(), "Expected owner, detached or leaf for kind");
  const int error = Guardian().Guard(dir_fd, name, *kind);
  if (error < 0) return ThrowSystemError(info.Env(), {error, "sendmsg", {}});
  // A leaf belongs to the process, whichever of its threads made it.
  if (*kind != guardian::Kind::kLeaf) Instance::Of(info.Env()).guarded.insert_or_assign(name, *kind);
}

Napi::Value OpenGuardian(const Napi::CallbackInfo& info) {
  const int fd = Guardian().OpenConnection();
  if (fd < 0) {
    ThrowSystemError(info.Env(), {fd, "fcntl", {}});
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), Instance::Of(info.Env()).HandOut(UniqueFd(fd)));
}

void IdentifyGuarded(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const std::string name = options.String("name");
  const int fd = options.Int("fd");
  if (options.ok()) Guardian().Identify(name, fd);
}

void Unguard(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const std::string name = options.String("name");
  const bool end = options.Bool("end");
  if (!options.ok()) return;
  // A leaf is none of this environment's.
  if (Instance::Of(info.Env()).guarded.erase(name) == 0 && end) return;
  Guardian().Tell(end ? guardian::Order::kEnd : guardian::Order::kForget, name);
}

Napi::Value CountOpenCages(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int by = options.Int("by");
  if (!options.ok()) return info.Env().Undefined();
  // As the atomic does: whoever counts beyond it has counted wrong before.
  int& own = Instance::Of(info.Env()).open_cages;
  own = static_cast<int>(static_cast<unsigned>(own) + static_cast<unsigned>(by));
  return Napi::Number::New(info.Env(), GuardianState::OfProcess()->open_cages += by);
}

void DismissGuardian(const Napi::CallbackInfo& /*info*/) { Guardian().Dismiss(); }

Napi::Value GuardianPid(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), Guardian().pid()); }

}  // namespace

void RegisterGuardian(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("startGuardian", Napi::Function::New(env, StartGuardian, "startGuardian"));
  exports.Set("openGuardian", Napi::Function::New(env, OpenGuardian, "openGuardian"));
  exports.Set("guard", Napi::Function::New(env, Guard, "guard"));
  exports.Set("identifyGuarded", Napi::Function::New(env, IdentifyGuarded, "identifyGuarded"));
  exports.Set("unguard", Napi::Function::New(env, Unguard, "unguard"));
  exports.Set("countOpenCages", Napi::Function::New(env, CountOpenCages, "countOpenCages"));
  exports.Set("dismissGuardian", Napi::Function::New(env, DismissGuardian, "dismissGuardian"));
  exports.Set("guardianPid", Napi::Function::New(env, GuardianPid, "guardianPid"));
}

}  // namespace memcage

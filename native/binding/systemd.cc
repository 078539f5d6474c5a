#include <functional>
#include <utility>

#include "binding/args.h"
#include "binding/bindings.h"
#include "systemd/manager.h"

namespace memcage {
namespace {

using systemd::ScopeRequest;

template <typename T>
Napi::Object ToJs(Napi::Env env, const char* name, const Answer<T>& answer) {
  Napi::Object object = Napi::Object::New(env);
  if (answer) {
    object.Set(name, *answer);
  } else {
    object.Set("step", answer.error().step);
    object.Set("error", answer.error().error);
    object.Set("message", answer.error().message);
  }
  return object;
}

ScopeRequest ReadScopeRequest(ArgumentReader& options) {
  ScopeRequest request{};
  request.address = options.String("address");
  request.name = options.String("name");
  request.description = options.String("description");
  request.slice = options.OptionalString("slice");
  request.timeout_ms = options.Int("timeoutMs");
  return request;
}

Napi::Value StartScope(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const ScopeRequest request = ReadScopeRequest(options);
  if (!options.ok()) return info.Env().Undefined();
  return ToJs<std::string>(info.Env(), "controlGroup", systemd::StartScope(request));
}

/** Asks systemd on a thread of libuv's pool. */
template <typename T>
class BusWorker : public Napi::AsyncWorker {
 public:
  using Ask = std::function<Answer<T>()>;

  /** It deletes itself when it is done. `name`: the answer's name in the object to which the promise resolves. */
  static Napi::Promise Start(Napi::Env env, const char* name, Ask ask) {
    auto* worker = new BusWorker(env, name, std::move(ask));
    Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 protected:
  void Execute() override { answer_ = ask_(); }
  void OnOK() override { deferred_.Resolve(ToJs<T>(Env(), name_, answer_)); }

 private:
  BusWorker(Napi::Env env, const char* name, Ask ask)
      : Napi::AsyncWorker(env, "memcage.systemd"),
        deferred_(Napi::Promise::Deferred::New(env)),
        name_(name),
        ask_(std::move(ask)) {}

  Napi::Promise::Deferred deferred_;
  const char* name_;
  Ask ask_;
  Answer<T> answer_;
};

Napi::Value StartScopeAsync(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  ScopeRequest request = ReadScopeRequest(options);
  if (!options.ok()) return info.Env().Undefined();
  return BusWorker<std::string>::Start(info.Env(), "controlGroup",
                                       [request = std::move(request)] { return systemd::StartScope(request); });
}

struct UnitQuestion {
  std::string address;
  std::string unit;
  int timeout_ms;
};

UnitQuestion ReadUnitQuestion(ArgumentReader& options) {
  return {options.String("address"), options.String("unit"), options.Int("timeoutMs")};
}

Napi::Value IsDelegated(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const UnitQuestion question = ReadUnitQuestion(options);
  if (!options.ok()) return info.Env().Undefined();
  return ToJs<bool>(info.Env(), "delegated",
                    systemd::IsDelegated(question.address, question.unit, question.timeout_ms));
}

Napi::Value IsDelegatedAsync(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  UnitQuestion question = ReadUnitQuestion(options);
  if (!options.ok()) return info.Env().Undefined();
  return BusWorker<bool>::Start(info.Env(), "delegated", [question = std::move(question)] {
    return systemd::IsDelegated(question.address, question.unit, question.timeout_ms);
  });
}

Napi::Value ManagerVersion(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const std::string address = options.String("address");
  const int timeout_ms = options.Int("timeoutMs");
  if (!options.ok()) return info.Env().Undefined();
  return ToJs<std::string>(info.Env(), "version", systemd::ManagerVersion(address, timeout_ms));
}

}  // namespace

void RegisterSystemd(Napi::Object exports) {
  const Napi::Env env = exports.Env();
  exports.Set("startScope", Napi::Function::New(env, StartScope, "startScope"));
  exports.Set("startScopeAsync", Napi::Function::New(env, StartScopeAsync, "startScopeAsync"));
  exports.Set("isDelegated", Napi::Function::New(env, IsDelegated, "isDelegated"));
  exports.Set("isDelegatedAsync", Napi::Function::New(env, IsDelegatedAsync, "isDelegatedAsync"));
  exports.Set("managerVersion", Napi::Function::New(env, ManagerVersion, "managerVersion"));
}

}  // namespace memcage

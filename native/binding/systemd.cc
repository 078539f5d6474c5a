#include <functional>
#include <string>
#include <utility>

#include "binding/bindings.h"
#include "binding/function.h"
#include "systemd/manager.h"

namespace memcage {

template <typename Reader>
void ReadOptions(Reader& reader, systemd::ScopeRequest* request) {
  reader.Read("address", &request->address);
  reader.Read("name", &request->name);
  reader.Read("description", &request->description);
  reader.Read("slice", &request->slice);
  reader.Read("timeoutMs", &request->timeout_ms);
}

Napi::Value ToJs(Napi::Env env, const BusFailure& failure) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("step", failure.step);
  object.Set("error", failure.error);
  object.Set("message", failure.message);
  return object;
}

namespace {

using systemd::ScopeRequest;

/** An answer as an object, in which it has a name. */
template <typename T>
Napi::Value ToJs(Napi::Env env, const char* name, const Answer<T>& answer) {
  if (!answer) return memcage::ToJs(env, answer.error());
  Napi::Object object = Napi::Object::New(env);
  object.Set(name, *answer);
  return object;
}

/** Asks systemd on a thread of libuv's pool. */
template <typename T>
class BusWorker : public Napi::AsyncWorker {
 public:
  using Ask = std::function<Answer<T>()>;

  /** The worker deletes itself when it is done. `name`: the answer's name in the object to which the promise resolves.
   */
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

Napi::Value StartScope(Napi::Env env, const ScopeRequest& request) {
  return ToJs(env, "controlGroup", systemd::StartScope(request));
}

Napi::Value StartScopeAsync(Napi::Env env, const ScopeRequest& request) {
  return BusWorker<std::string>::Start(env, "controlGroup", [request] { return systemd::StartScope(request); });
}

Napi::Value IsDelegated(Napi::Env env, const std::string& address, const std::string& unit, int timeout_ms) {
  return ToJs(env, "delegated", systemd::IsDelegated(address, unit, timeout_ms));
}

Napi::Value IsDelegatedAsync(Napi::Env env, const std::string& address, const std::string& unit, int timeout_ms) {
  return BusWorker<bool>::Start(
      env, "delegated", [address, unit, timeout_ms] { return systemd::IsDelegated(address, unit, timeout_ms); });
}

Napi::Value ManagerVersion(Napi::Env env, const std::string& address, int timeout_ms) {
  return ToJs(env, "version", systemd::ManagerVersion(address, timeout_ms));
}

}  // namespace

void RegisterSystemd(Napi::Object exports) {
  Add<StartScope>(exports, "startScope");
  Add<StartScopeAsync>(exports, "startScopeAsync");
  Add<IsDelegated, "address", "unit", "timeoutMs">(exports, "isDelegated");
  Add<IsDelegatedAsync, "address", "unit", "timeoutMs">(exports, "isDelegatedAsync");
  Add<ManagerVersion, "address", "timeoutMs">(exports, "managerVersion");
}

}  // namespace memcage

#include "binding/event_delivery.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "binding/to_js.h"

namespace memcage {
namespace {

Napi::Object EventToJs(Napi::Env env, const Watcher::Event& event) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", event.exit ? "exit" : event.reached ? "reached" : "ready");
  object.Set("id", static_cast<double>(event.id));
  if (!event.exit) {
    if (event.reached) SetReading(object, *event.reached);
    object.Set("timeNs", static_cast<double>(event.time_ns));
    return object;
  }
  SetExit(object, *event.exit);
  if (event.texts) {
    Napi::Array texts = Napi::Array::New(env, event.texts->size());
    uint32_t index = 0;
    for (const std::string& text : *event.texts) texts.Set(index++, text);
    object.Set("texts", texts);
  }
  return object;
}

}  // namespace

napi_status EventDelivery::SetCallback(Napi::Function callback) {
  napi_threadsafe_function created = nullptr;
  const napi_status status = napi_create_threadsafe_function(
      env_, callback, nullptr, Napi::String::New(env_, "memcage"), 0, 1, nullptr, nullptr, this,
      [](napi_env env, napi_value js_callback, void* self, void*) {
        // Without an environment, it is being torn down, and nobody is left to notify.
        if (env == nullptr) return;
        static_cast<EventDelivery*>(self)->Deliver(env, Napi::Function(env, js_callback));
      },
      &created);
  if (status != napi_ok) return status;
  if (!ref_) napi_unref_threadsafe_function(env_, created);
  // Hooks run last in, first out. The thread must have stopped before Node closes the function.
  auto hook = [](void* data) {
    auto* self = static_cast<EventDelivery*>(data);
    self->watcher_.Stop();
    self->Release();
  };
  if (function_ != nullptr) napi_remove_env_cleanup_hook(env_, hook, this);
  Release();
  napi_add_env_cleanup_hook(env_, hook, this);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    function_ = created;
  }
  // There may be events that the previous callback did not get, or that came before the first callback.
  Notify();
  return napi_ok;
}

void EventDelivery::SetRef(bool ref) {
  ref_ = ref;
  if (function_ == nullptr) return;
  if (ref) {
    napi_ref_threadsafe_function(env_, function_);
  } else {
    napi_unref_threadsafe_function(env_, function_);
  }
}

void EventDelivery::Notify() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ == nullptr) return;
  napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void EventDelivery::Deliver(Napi::Env env, Napi::Function callback) {
  const std::vector<Watcher::Event> events = watcher_.Take();
  if (events.empty()) return;
  Napi::Array list = Napi::Array::New(env, events.size());
  uint32_t index = 0;
  for (const Watcher::Event& event : events) list.Set(index++, EventToJs(env, event));
  napi_value argument = list;
  napi_value ignored = nullptr;
  if (napi_call_function(env, env.Undefined(), callback, 1, &argument, &ignored) != napi_pending_exception) return;
  // Node would only warn (DEP0168) about an exception that is left pending here.
  napi_value exception = nullptr;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

void EventDelivery::Release() {
  napi_threadsafe_function released = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::swap(released, function_);
  }
  if (released != nullptr) napi_release_threadsafe_function(released, napi_tsfn_abort);
}

}  // namespace memcage

#include "fake_node_api.h"

#include <algorithm>
#include <cstring>

#include "fake_values.h"

struct napi_deferred__ {};
struct napi_ref__ {
  napi_value value;
};

struct napi_callback_info__ {
  std::vector<napi_value> arguments;
  void* data;
};

struct napi_async_work__ {
  napi_async_execute_callback execute;
  napi_async_complete_callback complete;
  void* data;
};

struct napi_threadsafe_function__ {
  napi_threadsafe_function_call_js call;
  napi_value callback;
  void* context;
};

extern "C" napi_value napi_register_module_v1(napi_env env, napi_value exports);

namespace fuzz {
namespace {

napi_status Done(napi_status status) {
  current->last_error.error_code = status;
  current->last_error.error_message = status == napi_ok ? nullptr : "refused";
  return status;
}

}  // namespace

void BeginEnvironment(NamedInput* input) {
  current = new Environment;
  current->input = input;
  current->exports = New(napi_object);
  napi_register_module_v1(&current->env, current->exports);
  Require(current->pending == nullptr, "the addon loads");
}

void CallAnyFunction() {
  Input& said = Said("function");
  const uint64_t choice = said.Number() >> 32;
  // clone() has more options than all others. Of these, it is the one that comes out first for this choice, so that it
  // stays the same when another is added.
  const bool is_clone = Hash({}, choice) % 2 == 0;
  std::string name = "clone";
  uint64_t most = 0;
  for (const auto& [other, value] : current->exports->members) {
    const uint64_t rank = Hash(other, choice);
    if (is_clone || value->type != napi_function || rank < most) continue;
    name = other;
    most = rank;
  }
  napi_value function = current->exports->members.at(name);
  napi_callback_info__ info{{}, function->data};
  if (Said("arguments").Byte() < 252) info.arguments.push_back(MakeObject(name));
  current->given.clear();
  current->is_in_call = true;
  function->callback(&current->env, &info);
  current->is_in_call = false;
  // As the caller in JavaScript, which catches it.
  current->pending = nullptr;
}

void EndEnvironment() {
  for (const napi_async_work work : current->queued) {
    work->execute(&current->env, work->data);
    work->complete(&current->env, napi_ok, work->data);
  }
  while (!current->hooks.empty()) {
    const auto [call, data] = current->hooks.back();
    current->hooks.pop_back();
    call(data);
  }
  if (current->instance.call != nullptr) {
    current->instance.call(&current->env, current->instance.data, current->instance.hint);
  }
  for (const Finalizer& finalizer : current->finalizers) finalizer.call(&current->env, finalizer.data, finalizer.hint);
  delete current;
  current = nullptr;
}

bool IsOver() { return current != nullptr && current->is_in_call && !MayRun(); }
bool IsTerminated() { return current->is_terminating; }
bool IsInCall() { return current != nullptr && current->is_in_call; }
NamedInput& TheInput() { return *current->input; }

bool GivenNumber(const std::string& path, double* number) {
  const auto found = current->given.find(path);
  if (found != current->given.end()) *number = found->second;
  return found != current->given.end();
}

}  // namespace fuzz

using fuzz::current;
using fuzz::Done;

// As js_native_api(3) has them: js_native_api.h names the parameters.
extern "C" {

napi_status napi_get_last_error_info(napi_env, const napi_extended_error_info** info) {
  *info = &current->last_error;
  return napi_ok;
}
napi_status napi_is_exception_pending(napi_env, bool* result) {
  *result = current->pending != nullptr;
  return Done(napi_ok);
}
napi_status napi_get_and_clear_last_exception(napi_env, napi_value* result) {
  *result = current->pending == nullptr ? fuzz::New(napi_undefined) : current->pending;
  current->pending = nullptr;
  return Done(napi_ok);
}
napi_status napi_throw(napi_env, napi_value error) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  if (error == nullptr) return Done(napi_invalid_arg);
  current->pending = error;
  return Done(napi_ok);
}
void napi_fatal_error(const char* location, size_t, const char* message, size_t) {
  (void)fprintf(stderr, "napi_fatal_error: %s: %s\n", location, message);
  fuzz::Require(false, "no argument ends the process");
  __builtin_unreachable();
}
napi_status napi_fatal_exception(napi_env, napi_value) { return Done(napi_ok); }

napi_status napi_create_error(napi_env, napi_value, napi_value message, napi_value* result) {
  if (message == nullptr || message->type != napi_string) return Done(napi_string_expected);
  fuzz::LearnFrom(message->text);
  *result = fuzz::New(napi_object);
  (*result)->members["message"] = message;
  return Done(napi_ok);
}
napi_status napi_create_type_error(napi_env env, napi_value code, napi_value message, napi_value* result) {
  return napi_create_error(env, code, message, result);
}
napi_status napi_create_string_utf8(napi_env, const char* text, size_t length, napi_value* result) {
  *result = fuzz::NewString(length == NAPI_AUTO_LENGTH ? std::string(text) : std::string(text, length));
  return Done(napi_ok);
}
napi_status napi_create_string_latin1(napi_env env, const char* text, size_t length, napi_value* result) {
  return napi_create_string_utf8(env, text, length, result);
}
napi_status napi_create_double(napi_env, double number, napi_value* result) {
  *result = fuzz::NewNumber(number);
  return Done(napi_ok);
}
napi_status napi_create_object(napi_env, napi_value* result) {
  *result = fuzz::New(napi_object);
  return Done(napi_ok);
}
napi_status napi_create_array(napi_env env, napi_value* result) {
  return napi_create_array_with_length(env, 0, result);
}
napi_status napi_create_array_with_length(napi_env, size_t length, napi_value* result) {
  *result = fuzz::New(napi_object);
  (*result)->is_array = true;
  (*result)->length = static_cast<uint32_t>(length);
  return Done(napi_ok);
}
napi_status napi_create_buffer(napi_env, size_t length, void** data, napi_value* result) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  *result = fuzz::NewTyped(napi_uint8_array, length);
  if (data != nullptr) *data = (*result)->buffer->bytes.data();
  return Done(napi_ok);
}
napi_status napi_create_function(napi_env, const char*, size_t, napi_callback callback, void* data,
                                 napi_value* result) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  *result = fuzz::New(napi_function);
  (*result)->callback = callback;
  (*result)->data = data;
  return Done(napi_ok);
}
napi_status napi_create_promise(napi_env, napi_deferred* deferred, napi_value* promise) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  *deferred = new napi_deferred__;
  *promise = fuzz::New(napi_object);
  return Done(napi_ok);
}
napi_status napi_resolve_deferred(napi_env, napi_deferred deferred, napi_value) {
  delete deferred;
  return Done(napi_ok);
}
napi_status napi_get_undefined(napi_env, napi_value* result) {
  *result = fuzz::New(napi_undefined);
  return Done(napi_ok);
}
napi_status napi_get_null(napi_env, napi_value* result) {
  *result = fuzz::New(napi_null);
  return Done(napi_ok);
}
napi_status napi_get_boolean(napi_env, bool value, napi_value* result) {
  *result = fuzz::New(napi_boolean);
  (*result)->boolean = value;
  return Done(napi_ok);
}

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype* result) {
  if (value == nullptr) return Done(napi_invalid_arg);
  *result = value->type;
  return Done(napi_ok);
}
napi_status napi_is_array(napi_env, napi_value value, bool* result) {
  if (value == nullptr) return Done(napi_invalid_arg);
  *result = value->is_array;
  return Done(napi_ok);
}
napi_status napi_is_typedarray(napi_env, napi_value value, bool* result) {
  if (value == nullptr) return Done(napi_invalid_arg);
  *result = value->typed.has_value();
  return Done(napi_ok);
}
napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type* type, size_t* length,
                                     void** data, napi_value* buffer, size_t* offset) {
  if (value == nullptr || !value->typed) return Done(napi_invalid_arg);
  static const size_t kSizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  if (type != nullptr) *type = *value->typed;
  if (length != nullptr) *length = value->buffer->bytes.size() / kSizes[*value->typed];
  if (data != nullptr) *data = value->buffer->bytes.empty() ? nullptr : value->buffer->bytes.data();
  if (buffer != nullptr) *buffer = value;
  if (offset != nullptr) *offset = 0;
  return Done(napi_ok);
}
napi_status napi_get_value_bool(napi_env, napi_value value, bool* result) {
  if (value == nullptr || value->type != napi_boolean) return Done(napi_boolean_expected);
  *result = value->boolean;
  return Done(napi_ok);
}
napi_status napi_get_value_double(napi_env, napi_value value, double* result) {
  if (value == nullptr || value->type != napi_number) return Done(napi_number_expected);
  *result = value->number;
  return Done(napi_ok);
}
napi_status napi_get_value_string_utf8(napi_env, napi_value value, char* buffer, size_t size, size_t* length) {
  if (value == nullptr || value->type != napi_string) return Done(napi_string_expected);
  const std::string& text = value->text;
  if (buffer == nullptr) {
    *length = text.size();
    return Done(napi_ok);
  }
  const size_t copied = std::min(size - 1, text.size());
  memcpy(buffer, text.data(), copied);
  buffer[copied] = '\0';
  if (length != nullptr) *length = copied;
  return Done(napi_ok);
}
napi_status napi_get_array_length(napi_env, napi_value value, uint32_t* result) {
  if (value == nullptr || !value->is_array) return Done(napi_array_expected);
  *result = value->length;
  return Done(napi_ok);
}

napi_status napi_get_named_property(napi_env, napi_value object, const char* name, napi_value* result) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  if (object == nullptr || (object->type != napi_object && object->type != napi_function)) {
    return Done(napi_object_expected);
  }
  const auto found = object->members.find(name);
  if (found != object->members.end()) {
    *result = found->second;
    return Done(napi_ok);
  }
  // Each time it is read, a getter may give another value.
  napi_value value = object->is_given ? fuzz::AskOption(object->path + '/' + name) : fuzz::New(napi_undefined);
  if (value == nullptr) return Done(napi_pending_exception);
  *result = value;
  return Done(napi_ok);
}
napi_status napi_get_property(napi_env env, napi_value object, napi_value key, napi_value* result) {
  if (key == nullptr) return Done(napi_invalid_arg);
  return napi_get_named_property(env, object, key->text.c_str(), result);
}
napi_status napi_has_own_property(napi_env, napi_value object, napi_value key, bool* result) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  if (object == nullptr || key == nullptr) return Done(napi_invalid_arg);
  *result = true;
  if (object->is_given && !fuzz::AskWhetherOwn(object->path + '/' + key->text, result)) {
    return Done(napi_pending_exception);
  }
  return Done(napi_ok);
}
napi_status napi_has_property(napi_env, napi_value object, napi_value key, bool* result) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  if (object == nullptr || key == nullptr) return Done(napi_invalid_arg);
  *result = object->members.contains(key->text);
  return Done(napi_ok);
}
napi_status napi_get_element(napi_env, napi_value object, uint32_t, napi_value* result) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  if (object == nullptr || object->type != napi_object) return Done(napi_object_expected);
  napi_value value = fuzz::AskElement(object);
  if (value == nullptr) return Done(napi_pending_exception);
  *result = value;
  return Done(napi_ok);
}
napi_status napi_set_element(napi_env, napi_value object, uint32_t index, napi_value value) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  if (object == nullptr || value == nullptr) return Done(napi_invalid_arg);
  object->members[std::to_string(index)] = value;
  return Done(napi_ok);
}
napi_status napi_set_named_property(napi_env, napi_value object, const char* name, napi_value value) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  if (object == nullptr || value == nullptr) return Done(napi_invalid_arg);
  object->members[name] = value;
  return Done(napi_ok);
}
napi_status napi_define_properties(napi_env, napi_value object, size_t count, const napi_property_descriptor* all) {
  if (!fuzz::MayRun()) return Done(napi_pending_exception);
  for (size_t i = 0; i < count; ++i) object->members[all[i].utf8name] = all[i].value;
  return Done(napi_ok);
}
napi_status napi_call_function(napi_env, napi_value, napi_value, size_t, const napi_value*, napi_value*) {
  return Done(fuzz::MayRun() ? napi_ok : napi_pending_exception);
}
napi_status napi_get_cb_info(napi_env, napi_callback_info info, size_t* count, napi_value* arguments,
                             napi_value* receiver, void** data) {
  if (count != nullptr) {
    for (size_t i = 0; arguments != nullptr && i < *count; ++i) {
      arguments[i] = i < info->arguments.size() ? info->arguments[i] : fuzz::New(napi_undefined);
    }
    *count = info->arguments.size();
  }
  if (receiver != nullptr) *receiver = fuzz::New(napi_undefined);
  if (data != nullptr) *data = info->data;
  return Done(napi_ok);
}

napi_status napi_create_reference(napi_env, napi_value value, uint32_t, napi_ref* result) {
  if (value == nullptr) return Done(napi_invalid_arg);
  if (value->type != napi_object && value->type != napi_function && value->type != napi_symbol) {
    return Done(napi_object_expected);
  }
  *result = new napi_ref__{value};
  return Done(napi_ok);
}
napi_status napi_delete_reference(napi_env, napi_ref reference) {
  delete reference;
  return Done(napi_ok);
}
napi_status napi_get_reference_value(napi_env, napi_ref reference, napi_value* result) {
  *result = reference->value;
  return Done(napi_ok);
}
napi_status napi_open_handle_scope(napi_env, napi_handle_scope* scope) {
  *scope = nullptr;
  return napi_ok;
}
napi_status napi_close_handle_scope(napi_env, napi_handle_scope) { return napi_ok; }
napi_status napi_open_escapable_handle_scope(napi_env, napi_escapable_handle_scope* scope) {
  *scope = nullptr;
  return napi_ok;
}
napi_status napi_close_escapable_handle_scope(napi_env, napi_escapable_handle_scope) { return napi_ok; }
napi_status napi_escape_handle(napi_env, napi_escapable_handle_scope, napi_value value, napi_value* result) {
  *result = value;
  return napi_ok;
}
napi_status napi_close_callback_scope(napi_env, napi_callback_scope) { return napi_ok; }
napi_status napi_async_destroy(napi_env, napi_async_context) { return napi_ok; }

napi_status napi_set_instance_data(napi_env, void* data, napi_finalize finalize, void* hint) {
  current->instance = {finalize, data, hint};
  return Done(napi_ok);
}
napi_status napi_get_instance_data(napi_env, void** data) {
  *data = current->instance.data;
  return Done(napi_ok);
}
napi_status napi_add_finalizer(napi_env, napi_value, void* data, napi_finalize finalize, void* hint, napi_ref*) {
  current->finalizers.push_back({finalize, data, hint});
  return Done(napi_ok);
}
napi_status napi_add_env_cleanup_hook(napi_env, napi_cleanup_hook hook, void* data) {
  current->hooks.emplace_back(hook, data);
  return Done(napi_ok);
}
napi_status napi_remove_env_cleanup_hook(napi_env, napi_cleanup_hook hook, void* data) {
  std::erase(current->hooks, std::pair(hook, data));
  return Done(napi_ok);
}

napi_status napi_create_async_work(napi_env, napi_value, napi_value, napi_async_execute_callback execute,
                                   napi_async_complete_callback complete, void* data, napi_async_work* result) {
  *result = new napi_async_work__{execute, complete, data};
  return Done(napi_ok);
}
napi_status napi_delete_async_work(napi_env, napi_async_work work) {
  delete work;
  return Done(napi_ok);
}
napi_status napi_queue_async_work(napi_env, napi_async_work work) {
  current->queued.push_back(work);
  return Done(napi_ok);
}
napi_status napi_create_threadsafe_function(napi_env, napi_value callback, napi_value, napi_value, size_t, size_t,
                                            void*, napi_finalize, void* context, napi_threadsafe_function_call_js call,
                                            napi_threadsafe_function* result) {
  *result = new napi_threadsafe_function__{call, callback, context};
  return Done(napi_ok);
}
napi_status napi_call_threadsafe_function(napi_threadsafe_function function, void* data,
                                          napi_threadsafe_function_call_mode) {
  if (!fuzz::IsOver()) function->call(&current->env, function->callback, function->context, data);
  return napi_ok;
}
napi_status napi_release_threadsafe_function(napi_threadsafe_function function, napi_threadsafe_function_release_mode) {
  delete function;
  return napi_ok;
}
napi_status napi_ref_threadsafe_function(napi_env, napi_threadsafe_function) { return napi_ok; }
napi_status napi_unref_threadsafe_function(napi_env, napi_threadsafe_function) { return napi_ok; }
}

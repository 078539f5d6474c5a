#include "fake_node_api.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

struct napi_env__ {};
struct napi_deferred__ {};
struct napi_ref__ {
  napi_value value;
};

namespace {

/** Of an ArrayBuffer. Detached, its bytes are gone, as ASan sees. */
struct Buffer {
  std::vector<uint8_t> bytes;
};

}  // namespace

struct napi_value__ {
  napi_valuetype type = napi_undefined;
  bool boolean = false;
  double number = 0;
  std::string text;
  bool is_array = false;
  /** Of an array of the input's: its elements are made when they are asked for. */
  uint32_t length = 0;
  /** What its elements are to be. */
  char elements = '?';
  /** Whether the input says what its members are. */
  bool is_given = false;
  std::optional<napi_typedarray_type> typed;
  std::shared_ptr<Buffer> buffer;
  std::map<std::string, napi_value> members;
  napi_callback callback = nullptr;
  void* data = nullptr;
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

struct Finalizer {
  napi_finalize call;
  void* data;
  void* hint;
};

struct Environment {
  Input* input = nullptr;
  napi_env__ env;
  std::vector<std::unique_ptr<napi_value__>> values;
  std::vector<std::shared_ptr<Buffer>> buffers;
  std::vector<napi_async_work> queued;
  std::vector<Finalizer> finalizers;
  std::vector<std::pair<napi_cleanup_hook, void*>> hooks;
  std::map<std::string, double> given;
  napi_value exports = nullptr;
  napi_value pending = nullptr;
  bool is_terminating = false;
  bool is_in_call = false;
  Finalizer instance{};
  napi_extended_error_info last_error{};
};
Environment* current = nullptr;

napi_value New(napi_valuetype type) {
  current->values.push_back(std::make_unique<napi_value__>());
  current->values.back()->type = type;
  return current->values.back().get();
}

napi_value NewNumber(double number) {
  napi_value value = New(napi_number);
  value->number = number;
  return value;
}

napi_value NewString(std::string text) {
  napi_value value = New(napi_string);
  value->text = std::move(text);
  return value;
}

napi_value NewTyped(napi_typedarray_type type, size_t bytes) {
  napi_value value = New(napi_object);
  value->typed = type;
  value->buffer = std::make_shared<Buffer>();
  value->buffer->bytes.resize(bytes);
  current->buffers.push_back(value->buffer);
  return value;
}

napi_status Done(napi_status status) {
  current->last_error.error_code = status;
  current->last_error.error_message = status == napi_ok ? nullptr : "refused";
  return status;
}

/** What most options are: s string, b boolean, n number, o object, f function, 8 and 4 typed arrays; upper case:
 * arrays. */
char KindOf(const std::string& name) {
  static const std::map<std::string, char> kKinds{
      {"args", 'S'},          {"env", 'S'},           {"stdio", 'N'},
      {"joinFds", 'N'},       {"groups", 'N'},        {"capabilities", 'N'},
      {"spare", 'N'},         {"hide", 'S'},          {"except", 'S'},
      {"paths", 'S'},         {"mounts", 'O'},        {"rlimits", 'O'},
      {"idMapPrograms", 'O'}, {"pipes", 'O'},         {"reads", 'O'},
      {"removes", 'O'},       {"idMaps", 'o'},        {"root", 'o'},
      {"emptyOptions", 'o'},  {"ending", 'o'},        {"quietFile", 'o'},
      {"stamped", 'O'},       {"onEvents", 'f'},      {"seccomp", '8'},
      {"buffer", '8'},        {"input", '8'},         {"fds", '4'},
      {"lengths", '4'},       {"detached", 'b'},      {"killWithParent", 'b'},
      {"guarded", 'b'},       {"privateMounts", 'b'}, {"mountProc", 'b'},
      {"sealed", 'b'},        {"fileOutside", 'b'},   {"loopback", 'b'},
      {"noNewPrivs", 'b'},    {"seccompEarly", 'b'},  {"copied", 'b'},
      {"empty", 'b'},         {"readOnly", 'b'},      {"create", 'b'},
      {"dev", 'b'},           {"writes", 'b'},        {"ref", 'b'},
      {"end", 'b'},           {"kills", 'b'},
  };
  static const char* const kTexts[] = {"file",     "cwd",      "hostname", "uidMap",       "gidMap", "name", "size",
                                       "mode",     "kind",     "to",       "from",         "proc",   "path", "access",
                                       "value",    "key",      "address",  "description",  "slice",  "unit", "expected",
                                       "killPath", "timePath", "timeFile", "pressurePath", "starter"};
  const auto found = kKinds.find(name);
  if (found != kKinds.end()) return found->second;
  for (const char* text : kTexts) {
    if (name == text) return 's';
  }
  return 'n';
}

napi_value AnyText() {
  static const char* const kWords[] = {"bind",          "tmpfs", "/a",   "new",    "keep",  "nofile",    "cpu.stat",
                                       "child",         "read",  "path", "memory", "event", "a.service", "755",
                                       "cpuacct.usage", "leaf"};
  Input& input = *current->input;
  const uint8_t choice = input.Byte();
  if (choice < 128) return NewString(kWords[choice % std::size(kWords)]);
  if (choice < 200) return NewString(input.Text(choice - 128));
  // Around the buffer for short ones, and with a NUL byte.
  if (choice < 220) return NewString(std::string(1000 + choice, 'x'));
  if (choice < 240) return NewString(std::string("a\0b", 3));
  return NewString(std::string(size_t{1} << (choice - 239), 'y'));
}

double AnyNumber() {
  Input& input = *current->input;
  static const double kOdd[] = {-1,
                                -0.0,
                                0.5,
                                2147483647,
                                2147483648,
                                -2147483648,
                                4294967295,
                                4294967296,
                                9007199254740991,
                                9007199254740992,
                                1e300,
                                -1e300,
                                18446744073709551615.0,
                                std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN()};
  const uint8_t choice = input.Byte();
  if (choice < 200) return choice;
  if (choice < 240) return kOdd[choice % std::size(kOdd)];
  const uint64_t bits = input.Number();
  double number = 0;
  memcpy(&number, &bits, sizeof(number));
  return number;
}

napi_value Make(char kind);

napi_value MakeArray(char elements) {
  napi_value array = New(napi_object);
  array->is_array = true;
  array->is_given = true;
  array->elements = elements;
  const uint8_t choice = current->input->Byte();
  // new Array(2 ** 32 - 1) costs its caller nothing.
  array->length = choice < 240 ? choice % 8U : choice < 250 ? 300 : std::numeric_limits<uint32_t>::max();
  return array;
}

napi_value MakeAny() {
  Input& input = *current->input;
  switch (input.Below(12)) {
    case 0:
      return New(napi_undefined);
    case 1:
      return New(napi_null);
    case 2:
      return New(napi_symbol);
    case 3:
      return New(napi_bigint);
    case 4:
      return NewTyped(static_cast<napi_typedarray_type>(input.Below(11)), size_t{8} * input.Below(16));
    case 5:
      return MakeArray("sonSON84?"[input.Below(9)]);
    default:
      return Make("sbnof84SNO"[input.Below(10)]);
  }
}

napi_value Make(char kind) {
  Input& input = *current->input;
  napi_value value = nullptr;
  switch (kind) {
    case 's':
      return AnyText();
    case 'b':
      value = New(napi_boolean);
      value->boolean = input.Below(2) == 1;
      return value;
    case 'n':
      return NewNumber(AnyNumber());
    case 'o':
      value = New(napi_object);
      value->is_given = true;
      return value;
    case 'f':
      return New(napi_function);
    case '8':
      return NewTyped(napi_uint8_array, input.Byte());
    case '4':
      return NewTyped(napi_int32_array, size_t{4} * input.Below(32));
    case 'S':
    case 'N':
    case 'O':
      return MakeArray(static_cast<char>(kind - 'A' + 'a'));
    default:
      return MakeAny();
  }
}

void DetachAll() {
  for (const std::shared_ptr<Buffer>& buffer : current->buffers) std::vector<uint8_t>().swap(buffer->bytes);
}

/** What clone() takes together with all else; nullptr if the name has no such value. Without it no input gets far. */
napi_value Usual(const std::string& name) {
  static const std::map<std::string, char> kUsual{
      {"namespaces", '0'},   {"hostname", 'u'}, {"idMaps", 'u'},       {"idMapPrograms", 'u'}, {"root", 'u'},
      {"mountProc", '-'},    {"sealed", '-'},   {"fileOutside", '-'},  {"loopback", '-'},      {"seccomp", 'u'},
      {"seccompEarly", '-'}, {"rlimits", 'u'},  {"capabilities", 'u'}, {"privateMounts", '-'}, {"watchdogMs", '1'},
  };
  const auto found = kUsual.find(name);
  if (found == kUsual.end()) return nullptr;
  if (found->second == 'u') return New(napi_undefined);
  return found->second == '-' ? New(napi_boolean) : NewNumber(found->second - '0');
}

/** What JavaScript does when a member is read. nullptr: it has thrown, or may no longer run. */
napi_value Ask(char kind, const std::string& name = {}) {
  const uint8_t choice = current->input->Byte();
  napi_value usual = choice < 160 ? Usual(name) : nullptr;
  if (usual != nullptr) return usual;
  if (choice < 220) return Make(kind);
  if (choice < 232) return New(napi_undefined);
  if (choice < 244) return MakeAny();
  if (choice < 248) {
    DetachAll();
    return Make(kind);
  }
  if (choice < 254) {
    // Any value may be thrown.
    current->pending = MakeAny();
    return nullptr;
  }
  current->is_terminating = true;
  return nullptr;
}

bool MayRun() { return current->pending == nullptr && !current->is_terminating; }

}  // namespace

void BeginEnvironment(Input* input) {
  current = new Environment;
  current->input = input;
  current->exports = New(napi_object);
  napi_register_module_v1(&current->env, current->exports);
  Require(current->pending == nullptr, "the addon loads");
}

void CallAnyFunction() {
  std::vector<napi_value> functions;
  for (const auto& [name, value] : current->exports->members) {
    if (value->type == napi_function) functions.push_back(value);
  }
  // clone() has more options than all others, and what the corpus says of it must not depend on how many they are.
  const uint8_t choice = current->input->Byte();
  napi_value function = choice < 64 ? current->exports->members.at("clone") : functions.at(choice % functions.size());
  napi_callback_info__ info{{}, function->data};
  if (current->input->Below(16) != 1) info.arguments.push_back(Make('o'));
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
Input& TheInput() { return *current->input; }

bool GivenNumber(const char* name, double* number) {
  const auto found = current->given.find(name);
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
  napi_value value = object->is_given ? fuzz::Ask(fuzz::KindOf(name), name) : fuzz::New(napi_undefined);
  if (value == nullptr) return Done(napi_pending_exception);
  if (value->type == napi_number) {
    current->given[name] = value->number;
  } else {
    current->given.erase(name);
  }
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
  const uint8_t choice = object->is_given ? current->input->Byte() : 0;
  // Of a proxy this is a trap, which may throw.
  if (choice >= 250 && fuzz::Ask('b') == nullptr) return Done(napi_pending_exception);
  *result = !object->is_given || choice < 240;
  // Else the value is that of Object.prototype, to which somebody has added it.
  if (!*result) current->given.erase(key->text);
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
  // The rest of it is holes.
  const bool is_hole = fuzz::TheInput().left() == 0;
  napi_value value = is_hole ? fuzz::New(napi_undefined) : fuzz::Ask(object->elements);
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

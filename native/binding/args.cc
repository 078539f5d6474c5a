#include "binding/args.h"

#include <algorithm>
#include <limits>

#include "binding/throw.h"

namespace memcage {
namespace {

constexpr double kArgumentIntMin = std::numeric_limits<int>::min();
constexpr double kArgumentIntMax = std::numeric_limits<int>::max();
constexpr double kArgumentUintMax = std::numeric_limits<uint32_t>::max();
constexpr double kArgumentMaxSafeInteger = 9'007'199'254'740'991;
constexpr size_t kArgumentShortString = 1024;
constexpr size_t kArgumentUsualBlock = 4096;
/** The length of an array costs its caller nothing: new Array(2 ** 32 - 1). */
constexpr uint32_t kMostReserved = 1024;

/** False if it is not a string. Takes one call for a short one, not two like Utf8Value(): an env has dozens of them. */
bool AppendArgument(napi_env env, napi_value value, std::string* text) {
  char buffer[kArgumentShortString];
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, buffer, sizeof(buffer), &length) != napi_ok) return false;
  // A full buffer may hold a truncated text, cut off up to four bytes early so as not to split a character.
  if (length + 4 < sizeof(buffer)) {
    text->append(buffer, length);
  } else {
    *text += Napi::String(env, value).Utf8Value();
  }
  return true;
}

}  // namespace

ArgumentReader::ArgumentReader(const Napi::CallbackInfo& info) : env_(info.Env()) {
  if (info.Length() >= 1 && info[0].IsObject()) {
    object_ = info[0].As<Napi::Object>();
    return;
  }
  Refuse("Expected an options object");
}

void ArgumentReader::Refuse(const char* message) {
  if (!*ok_) return;
  *ok_ = false;
  ThrowInvalidArgument(env_, message);
}

void ArgumentReader::Fail(const char* name, const char* expected) {
  // The message is made for those that are told.
  if (*ok_) Refuse((std::string("Expected ") + expected + " for " + name).c_str());
}

Napi::Value ArgumentReader::Answered(napi_status status, napi_value value) {
  // Leave what was thrown as it is: node-addon-api would look into it, which may throw again.
  if (status == napi_ok) return {env_, value};
  *ok_ = false;
  return {};
}

Napi::Value ArgumentReader::Get(const char* name) {
  if (!*ok_) return {};
  napi_value value = nullptr;
  const napi_status status = napi_get_named_property(env_, object_, name, &value);
  Napi::Value answer = Answered(status, value);
  if (answer.IsUndefined() || !IsOfAll(name)) return answer;
  return ok() ? env_.Undefined() : Napi::Value();
}

bool ArgumentReader::IsOfAll(const char* name) {
  napi_value key = nullptr;
  napi_value holder = object_;
  bool has = false;
  if (napi_create_string_utf8(env_, name, NAPI_AUTO_LENGTH, &key) != napi_ok) return false;
  for (int depth = 0;; ++depth) {
    if (!Answered(napi_has_own_property(env_, holder, key, &has), holder).IsEmpty() && has) {
      if (depth == 0) return false;
      break;
    }
    napi_value above = nullptr;
    if (!ok() || Answered(napi_get_prototype(env_, holder, &above), above).IsEmpty()) return true;
    napi_valuetype type = napi_undefined;
    // A proxy may have it all the same.
    if (napi_typeof(env_, above, &type) != napi_ok || type != napi_object) return false;
    holder = above;
  }
  napi_value above = nullptr;
  napi_valuetype type = napi_undefined;
  if (Answered(napi_get_prototype(env_, holder, &above), above).IsEmpty()) return true;
  if (napi_typeof(env_, above, &type) != napi_ok || type != napi_null) return false;
  // Of any realm.
  napi_create_string_utf8(env_, "hasOwnProperty", NAPI_AUTO_LENGTH, &key);
  return Answered(napi_has_own_property(env_, holder, key, &has), holder).IsEmpty() || has;
}

Napi::Value ArgumentReader::Element(Napi::Value array, uint32_t index) {
  if (!*ok_) return {};
  napi_value value = nullptr;
  const napi_status status = napi_get_element(env_, array, index, &value);
  return Answered(status, value);
}

uint32_t ArgumentReader::Length(Napi::Value array) {
  uint32_t length = 0;
  napi_get_array_length(env_, array, &length);
  return length;
}

bool ArgumentReader::Bool(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || !value.IsBoolean()) {
    Fail(name, "a boolean");
    return false;
  }
  return value.As<Napi::Boolean>().Value();
}

bool ArgumentReader::OptionalBool(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return false;
  if (!value.IsBoolean()) Fail(name, "a boolean");
  return ok() && value.As<Napi::Boolean>().Value();
}

double ArgumentReader::Number(const char* name, Napi::Value value, double min, double max) {
  if (ok() && value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= min && number <= max && static_cast<double>(static_cast<int64_t>(number)) == number) return number;
  }
  Fail(name, "an integer in range");
  return 0;
}

int ArgumentReader::Int(const char* name) {
  return static_cast<int>(Number(name, Get(name), kArgumentIntMin, kArgumentIntMax));
}

std::optional<int> ArgumentReader::OptionalInt(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  return static_cast<int>(Number(name, value, kArgumentIntMin, kArgumentIntMax));
}

uint32_t ArgumentReader::Uint(const char* name) {
  return static_cast<uint32_t>(Number(name, Get(name), 0, kArgumentUintMax));
}

std::optional<uint32_t> ArgumentReader::OptionalUint(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  return static_cast<uint32_t>(Number(name, value, 0, kArgumentUintMax));
}

int64_t ArgumentReader::Count(const char* name) {
  return static_cast<int64_t>(Number(name, Get(name), 0, kArgumentMaxSafeInteger));
}

std::optional<double> ArgumentReader::OptionalAmount(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  return ToAmount(name, value);
}

double ArgumentReader::Amount(const char* name) { return ToAmount(name, Get(name)); }

double ArgumentReader::ToAmount(const char* name, Napi::Value value) {
  const double amount = ok() && value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  // Also false for NaN.
  if (amount >= 0) return amount;
  Fail(name, "a number from 0 on");
  return 0;
}

bool ArgumentReader::AppendText(const char* name, Napi::Value value, std::string* text) {
  const size_t start = text->size();
  // A string with a NUL byte would silently be shorter for the kernel.
  if (ok() && AppendArgument(env_, value, text) && text->find('\0', start) == std::string::npos) return true;
  Fail(name, "a string without NUL bytes");
  return false;
}

std::optional<std::string> ArgumentReader::ToString(const char* name, Napi::Value value) {
  std::string text;
  if (!AppendText(name, value, &text)) return std::nullopt;
  return text;
}

std::string ArgumentReader::String(const char* name) { return ToString(name, Get(name)).value_or(std::string()); }

std::optional<std::string> ArgumentReader::OptionalString(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  return ToString(name, value);
}

std::optional<std::string> ArgumentReader::NullableString(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsNull()) return std::nullopt;
  return ToString(name, value);
}

std::vector<std::string> ArgumentReader::Strings(const char* name) { return ToStrings(name, Get(name)); }

std::string ArgumentReader::Block(const char* name) {
  std::string block;
  Napi::Value value = Get(name);
  if (!ok() || !value.IsArray()) {
    Fail(name, "an array of strings");
    return block;
  }
  const uint32_t length = Length(value);
  block.reserve(kArgumentUsualBlock);
  for (uint32_t i = 0; i < length && AppendText(name, Element(value, i), &block); ++i) block.push_back('\0');
  return block;
}

std::optional<std::vector<std::string>> ArgumentReader::OptionalStrings(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  return ToStrings(name, value);
}

std::vector<std::string> ArgumentReader::ToStrings(const char* name, Napi::Value value) {
  std::vector<std::string> strings;
  if (!ok() || !value.IsArray()) {
    Fail(name, "an array of strings");
    return strings;
  }
  const uint32_t length = Length(value);
  strings.reserve(std::min(length, kMostReserved));
  for (uint32_t i = 0; ok() && i < length; ++i) {
    std::optional<std::string> text = ToString(name, Element(value, i));
    if (text) strings.push_back(std::move(*text));
  }
  return strings;
}

template <typename T>
std::vector<T> ArgumentReader::Numbers(const char* name, Napi::Value value, double min, double max) {
  std::vector<T> numbers;
  if (!ok() || !value.IsArray()) {
    Fail(name, "an array of integers");
    return numbers;
  }
  const uint32_t length = Length(value);
  numbers.reserve(std::min(length, kMostReserved));
  for (uint32_t i = 0; ok() && i < length; ++i) {
    numbers.push_back(static_cast<T>(Number(name, Element(value, i), min, max)));
  }
  return numbers;
}

std::vector<int> ArgumentReader::Ints(const char* name) {
  return Numbers<int>(name, Get(name), kArgumentIntMin, kArgumentIntMax);
}

std::optional<std::vector<uint32_t>> ArgumentReader::OptionalUints(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  return Numbers<uint32_t>(name, value, 0, kArgumentUintMax);
}

Napi::Object ArgumentReader::Object(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || !value.IsObject()) {
    Fail(name, "an object");
    return {};
  }
  return value.As<Napi::Object>();
}

std::optional<Napi::Object> ArgumentReader::OptionalObject(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  if (!value.IsObject()) {
    Fail(name, "an object");
    return std::nullopt;
  }
  return value.As<Napi::Object>();
}

std::vector<Napi::Object> ArgumentReader::Objects(const char* name) { return ToObjects(name, Get(name)); }

std::vector<Napi::Object> ArgumentReader::OptionalObjects(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return {};
  return ToObjects(name, value);
}

std::vector<Napi::Object> ArgumentReader::ToObjects(const char* name, Napi::Value value) {
  std::vector<Napi::Object> objects;
  if (!ok() || !value.IsArray()) {
    Fail(name, "an array of objects");
    return objects;
  }
  const uint32_t length = Length(value);
  for (uint32_t i = 0; i < length; ++i) {
    Napi::Value entry = Element(value, i);
    if (!ok() || !entry.IsObject()) {
      Fail(name, "an array of objects");
      return {};
    }
    objects.push_back(entry.As<Napi::Object>());
  }
  return objects;
}

Napi::Function ArgumentReader::Function(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || !value.IsFunction()) {
    Fail(name, "a function");
    return {};
  }
  return value.As<Napi::Function>();
}

template <typename T>
TypedArray<T> ArgumentReader::Typed(const char* name, Napi::Value value, napi_typedarray_type type,
                                    const char* expected) {
  if (!ok() || !value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    Fail(name, expected);
    return {};
  }
  return {env_, value};
}

TypedArray<uint8_t> ArgumentReader::Bytes(const char* name) {
  return Typed<uint8_t>(name, Get(name), napi_uint8_array, "a Uint8Array");
}

std::optional<TypedArray<uint8_t>> ArgumentReader::OptionalBytes(const char* name) {
  Napi::Value value = Get(name);
  if (!ok() || value.IsUndefined()) return std::nullopt;
  return Typed<uint8_t>(name, value, napi_uint8_array, "a Uint8Array");
}

TypedArray<int32_t> ArgumentReader::Int32s(const char* name) {
  return Typed<int32_t>(name, Get(name), napi_int32_array, "an Int32Array");
}

}  // namespace memcage

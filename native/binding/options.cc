#include "binding/options.h"

#include <cstring>
#include <limits>

#include "binding/instance.h"
#include "binding/throw.h"

namespace memcage {
namespace {

constexpr double kIntMin = std::numeric_limits<int>::min();
constexpr double kIntMax = std::numeric_limits<int>::max();
constexpr double kUintMax = std::numeric_limits<uint32_t>::max();
constexpr double kMaxSafeInteger = 9'007'199'254'740'991;
constexpr size_t kShortString = 1024;
constexpr size_t kUsualBlock = 4096;

/** False if it is not a string. Takes one call for a short one, not two like Utf8Value(): an env has dozens of them. */
bool Append(napi_env env, napi_value value, std::string* text) {
  char buffer[kShortString];
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

Options::Options(const Napi::CallbackInfo& info)
    : env_(info.Env()), own_memory_(std::in_place, &Instance::Of(env_).arena), memory_(&*own_memory_) {
  if (info.Length() >= 1 && info[0].IsObject()) {
    object_ = info[0].As<Napi::Object>();
    return;
  }
  Refuse("Expected an options object");
}

void Options::Refuse(const std::string& message) {
  if (!*ok_) return;
  *ok_ = false;
  ThrowInvalidArgument(env_, message);
}

void Options::Fail(const char* name, const char* expected) {
  // The message is made for those that are told.
  if (*ok_) Refuse(std::string("Expected ") + expected + " for " + name);
}

Napi::Value Options::Answered(napi_status status, napi_value value) {
  // Leave what was thrown as it is: node-addon-api would look into it, which may throw again.
  if (status == napi_ok) return {env_, value};
  *ok_ = false;
  return {};
}

Napi::Value Options::Get(const char* name) {
  if (!*ok_) return {};
  napi_value value = nullptr;
  const napi_status status = napi_get_named_property(env_, object_, name, &value);
  const Napi::Value answer = Answered(status, value);
  if (!ok() || answer.IsUndefined() || IsOwn(name)) return answer;
  return ok() ? env_.Undefined() : Napi::Value();
}

bool Options::IsOwn(const char* name) {
  napi_value key = nullptr;
  bool is_own = false;
  if (napi_create_string_utf8(env_, name, NAPI_AUTO_LENGTH, &key) != napi_ok) return false;
  return !Answered(napi_has_own_property(env_, object_, key, &is_own), key).IsEmpty() && is_own;
}

double Options::Integer(const char* name, Napi::Value value, double min, double max) {
  if (ok() && value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= min && number <= max && static_cast<double>(static_cast<int64_t>(number)) == number) return number;
  }
  Fail(name, "an integer in range");
  return 0;
}

bool Options::AppendText(const char* name, Napi::Value value, std::string* text) {
  const size_t start = text->size();
  // A string with a NUL byte would silently be shorter for the kernel.
  if (ok() && Append(env_, value, text) && text->find('\0', start) == std::string::npos) return true;
  Fail(name, "a string without NUL bytes");
  return false;
}

uint32_t Options::LengthOf(const char* name, Napi::Value array, const char* expected) {
  uint32_t length = 0;
  if (ok() && array.IsArray()) {
    napi_get_array_length(env_, array, &length);
  } else {
    Fail(name, expected);
  }
  return length;
}

Napi::Value Options::Element(Napi::Value array, uint32_t index) {
  napi_value value = nullptr;
  const napi_status status = napi_get_element(env_, array, index, &value);
  return Answered(status, value);
}

bool Options::IsObject(const char* name, Napi::Value value, const char* expected) {
  if (ok() && value.IsObject()) return true;
  Fail(name, expected);
  return false;
}

bool Options::IsTyped(const char* name, Napi::Value value, napi_typedarray_type type, const char* expected) {
  if (ok() && value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type) return true;
  Fail(name, expected);
  return false;
}

void Options::To(const char* name, Napi::Value value, bool* to) {
  if (ok() && value.IsBoolean()) {
    *to = value.As<Napi::Boolean>().Value();
  } else {
    Fail(name, "a boolean");
  }
}

void Options::To(const char* name, Napi::Value value, int* to) {
  *to = static_cast<int>(Integer(name, value, kIntMin, kIntMax));
}

void Options::To(const char* name, Napi::Value value, uint32_t* to) {
  *to = static_cast<uint32_t>(Integer(name, value, 0, kUintMax));
}

void Options::To(const char* name, Napi::Value value, int64_t* to) {
  *to = static_cast<int64_t>(Integer(name, value, 0, kMaxSafeInteger));
}

void Options::To(const char* name, Napi::Value value, double* to) {
  const double amount = ok() && value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  // NaN is refused too.
  if (amount >= 0) {
    *to = amount;
  } else {
    Fail(name, "a number from 0 on");
  }
}

void Options::To(const char* name, Napi::Value value, std::string* to) { AppendText(name, value, to); }

void Options::To(const char* name, Napi::Value value, const char** to) {
  std::string text;
  if (AppendText(name, value, &text)) *to = memory_->Keep(text);
}

void Options::To(const char* name, Napi::Value value, char* const** to) {
  const uint32_t length = LengthOf(name, value, "an array of strings");
  // One block, each followed by a NUL byte, saves dozens of allocations.
  std::string block;
  block.reserve(kUsualBlock);
  size_t count = 0;
  for (; count < length && AppendText(name, Element(value, static_cast<uint32_t>(count)), &block); ++count) {
    block.push_back('\0');
  }
  if (!ok()) return;
  char* text = memory_->Keep(block);
  char** pointers = memory_->Allocate<char*>(count + 1);
  for (size_t i = 0; i < count; ++i, text += strlen(text) + 1) pointers[i] = text;
  *to = pointers;
}

void Options::To(const char* name, Napi::Value value, std::span<const uint8_t>* to) {
  TypedArray<uint8_t> bytes;
  To(name, value, &bytes);
  const std::span<uint8_t> elements = bytes.Elements();
  *to = memory_->Keep(std::span<const uint8_t>(elements));
}

void Options::To(const char* name, Napi::Value value, Napi::Function* to) {
  if (ok() && value.IsFunction()) {
    *to = value.As<Napi::Function>();
  } else {
    Fail(name, "a function");
  }
}

void Options::To(const char* name, Napi::Value value, TypedArray<uint8_t>* to) {
  if (IsTyped(name, value, napi_uint8_array, "a Uint8Array")) *to = {env_, value};
}

void Options::To(const char* name, Napi::Value value, TypedArray<int32_t>* to) {
  if (IsTyped(name, value, napi_int32_array, "an Int32Array")) *to = {env_, value};
}

}  // namespace memcage

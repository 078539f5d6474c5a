#include "binding/args.h"

#include <limits>

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

Options::Options(const Napi::CallbackInfo& info) : env_(info.Env()) {
  if (info.Length() >= 1 && info[0].IsObject()) {
    object_ = info[0].As<Napi::Object>();
    return;
  }
  ok_ = false;
  ThrowInvalidArgument(env_, "Expected an options object");
}

void Options::Fail(const char* name, const char* expected) {
  if (!ok_) return;
  ok_ = false;
  // A getter of the caller may have thrown already. Report its error.
  if (env_.IsExceptionPending()) return;
  ThrowInvalidArgument(env_, std::string("Expected ") + expected + " for " + name);
}

Napi::Value Options::Get(const char* name) {
  if (!ok_) return env_.Undefined();
  Napi::Value value = object_.Get(name);
  if (env_.IsExceptionPending()) {
    ok_ = false;
    return env_.Undefined();
  }
  return value;
}

bool Options::Bool(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || !value.IsBoolean()) {
    Fail(name, "a boolean");
    return false;
  }
  return value.As<Napi::Boolean>().Value();
}

bool Options::OptionalBool(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return false;
  if (!value.IsBoolean()) Fail(name, "a boolean");
  return ok_ && value.As<Napi::Boolean>().Value();
}

double Options::Number(const char* name, Napi::Value value, double min, double max) {
  if (ok_ && value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= min && number <= max && static_cast<double>(static_cast<int64_t>(number)) == number) return number;
  }
  Fail(name, "an integer in range");
  return 0;
}

int Options::Int(const char* name) { return static_cast<int>(Number(name, Get(name), kIntMin, kIntMax)); }

std::optional<int> Options::OptionalInt(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  return static_cast<int>(Number(name, value, kIntMin, kIntMax));
}

uint32_t Options::Uint(const char* name) { return static_cast<uint32_t>(Number(name, Get(name), 0, kUintMax)); }

std::optional<uint32_t> Options::OptionalUint(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  return static_cast<uint32_t>(Number(name, value, 0, kUintMax));
}

int64_t Options::Count(const char* name) { return static_cast<int64_t>(Number(name, Get(name), 0, kMaxSafeInteger)); }

std::optional<double> Options::OptionalAmount(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  return ToAmount(name, value);
}

double Options::Amount(const char* name) { return ToAmount(name, Get(name)); }

double Options::ToAmount(const char* name, Napi::Value value) {
  const double amount = ok_ && value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  // Also false for NaN.
  if (amount >= 0) return amount;
  Fail(name, "a number from 0 on");
  return 0;
}

bool Options::AppendText(const char* name, Napi::Value value, std::string* text) {
  const size_t start = text->size();
  // A string with a NUL byte would silently be shorter for the kernel.
  if (ok_ && Append(env_, value, text) && text->find('\0', start) == std::string::npos) return true;
  Fail(name, "a string without NUL bytes");
  return false;
}

std::optional<std::string> Options::ToString(const char* name, Napi::Value value) {
  std::string text;
  if (!AppendText(name, value, &text)) return std::nullopt;
  return text;
}

std::string Options::String(const char* name) { return ToString(name, Get(name)).value_or(std::string()); }

std::optional<std::string> Options::OptionalString(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  return ToString(name, value);
}

std::optional<std::string> Options::NullableString(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsNull()) return std::nullopt;
  return ToString(name, value);
}

std::vector<std::string> Options::Strings(const char* name) { return ToStrings(name, Get(name)); }

std::string Options::Block(const char* name) {
  std::string block;
  Napi::Value value = Get(name);
  if (!ok_ || !value.IsArray()) {
    Fail(name, "an array of strings");
    return block;
  }
  Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  block.reserve(kUsualBlock);
  for (uint32_t i = 0; i < length && AppendText(name, array.Get(i), &block); ++i) block.push_back('\0');
  return block;
}

std::optional<std::vector<std::string>> Options::OptionalStrings(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  return ToStrings(name, value);
}

std::vector<std::string> Options::ToStrings(const char* name, Napi::Value value) {
  std::vector<std::string> strings;
  if (!ok_ || !value.IsArray()) {
    Fail(name, "an array of strings");
    return strings;
  }
  Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  strings.reserve(length);
  for (uint32_t i = 0; ok_ && i < length; ++i) {
    std::optional<std::string> text = ToString(name, array.Get(i));
    if (text) strings.push_back(std::move(*text));
  }
  return strings;
}

template <typename T>
std::vector<T> Options::Numbers(const char* name, Napi::Value value, double min, double max) {
  std::vector<T> numbers;
  if (!ok_ || !value.IsArray()) {
    Fail(name, "an array of integers");
    return numbers;
  }
  Napi::Array array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  numbers.reserve(length);
  for (uint32_t i = 0; ok_ && i < length; ++i) {
    numbers.push_back(static_cast<T>(Number(name, array.Get(i), min, max)));
  }
  return numbers;
}

std::vector<int> Options::Ints(const char* name) { return Numbers<int>(name, Get(name), kIntMin, kIntMax); }

std::optional<std::vector<uint32_t>> Options::OptionalUints(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  return Numbers<uint32_t>(name, value, 0, kUintMax);
}

std::optional<Napi::Object> Options::OptionalObject(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  if (!value.IsObject()) {
    Fail(name, "an object");
    return std::nullopt;
  }
  return value.As<Napi::Object>();
}

std::vector<Napi::Object> Options::Objects(const char* name) { return ToObjects(name, Get(name)); }

std::vector<Napi::Object> Options::OptionalObjects(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return {};
  return ToObjects(name, value);
}

std::vector<Napi::Object> Options::ToObjects(const char* name, Napi::Value value) {
  std::vector<Napi::Object> objects;
  if (!ok_ || !value.IsArray()) {
    Fail(name, "an array of objects");
    return objects;
  }
  Napi::Array array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    Napi::Value entry = array.Get(i);
    if (!entry.IsObject()) {
      Fail(name, "an array of objects");
      return {};
    }
    objects.push_back(entry.As<Napi::Object>());
  }
  return objects;
}

Napi::Function Options::Function(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || !value.IsFunction()) {
    Fail(name, "a function");
    return {};
  }
  return value.As<Napi::Function>();
}

Napi::Uint8Array Options::Bytes(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || !value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Fail(name, "a Uint8Array");
    return {};
  }
  return value.As<Napi::Uint8Array>();
}

std::optional<std::vector<uint8_t>> Options::OptionalBytes(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || value.IsUndefined()) return std::nullopt;
  Napi::Uint8Array bytes = Bytes(name);
  if (!ok_) return std::nullopt;
  return std::vector<uint8_t>(bytes.Data(), bytes.Data() + bytes.ByteLength());
}

Napi::Int32Array Options::Int32s(const char* name) {
  Napi::Value value = Get(name);
  if (!ok_ || !value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    Fail(name, "an Int32Array");
    return {};
  }
  return value.As<Napi::Int32Array>();
}

}  // namespace memcage

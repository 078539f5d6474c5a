#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "binding/options.h"

namespace memcage {

/**
 * Reads the one options object of a function. The first wrong value throws a TypeError that names it. After that, or
 * after what a getter has thrown, every reader returns an empty value, and no getter is called any more: the caller
 * leaves with `if (!options.ok()) return ...`.
 */
class ArgumentReader {
 public:
  explicit ArgumentReader(const Napi::CallbackInfo& info);
  /** Of an object within others: what is wrong with it is wrong with the `whole`. */
  ArgumentReader(ArgumentReader& whole, Napi::Object object) : env_(whole.env_), object_(object), ok_(whole.ok_) {}
  ArgumentReader(const ArgumentReader&) = delete;
  ArgumentReader& operator=(const ArgumentReader&) = delete;
  ~ArgumentReader() = default;

  [[nodiscard]] bool ok() const { return *ok_; }
  /** For what a reader can't know to be wrong. */
  void Refuse(const char* message);
  [[nodiscard]] Napi::Env env() const { return env_; }

  bool Bool(const char* name);
  /** False if it is left out. */
  bool OptionalBool(const char* name);
  int Int(const char* name);
  std::optional<int> OptionalInt(const char* name);
  /** For ids and flags: 0 to 2^32 - 1. */
  uint32_t Uint(const char* name);
  std::optional<uint32_t> OptionalUint(const char* name);
  /** For counts and the ids of events: 0 to 2^53 - 1. */
  int64_t Count(const char* name);
  /** For amounts: 0 to Infinity. */
  double Amount(const char* name);
  std::optional<double> OptionalAmount(const char* name);
  std::string String(const char* name);
  std::optional<std::string> OptionalString(const char* name);
  /** Empty for null. It can't be left out. */
  std::optional<std::string> NullableString(const char* name);
  std::vector<std::string> Strings(const char* name);
  /** An array of strings as one block, each followed by a NUL byte. This saves dozens of allocations. */
  std::string Block(const char* name);
  std::optional<std::vector<std::string>> OptionalStrings(const char* name);
  std::vector<int> Ints(const char* name);
  std::optional<std::vector<uint32_t>> OptionalUints(const char* name);
  /** Empty after a failure. */
  Napi::Object Object(const char* name);
  std::optional<Napi::Object> OptionalObject(const char* name);
  std::vector<Napi::Object> Objects(const char* name);
  /** Empty if it is left out. */
  std::vector<Napi::Object> OptionalObjects(const char* name);
  Napi::Function Function(const char* name);
  TypedArray<uint8_t> Bytes(const char* name);
  std::optional<TypedArray<uint8_t>> OptionalBytes(const char* name);
  TypedArray<int32_t> Int32s(const char* name);

 private:
  /** The value, or an empty one after a failure. */
  Napi::Value Get(const char* name);
  /** Whether nobody but Object.prototype has it: what somebody has added there is no option. */
  bool IsOfAll(const char* name);
  Napi::Value Element(Napi::Value array, uint32_t index);
  /** What JavaScript answered: nothing, if it has thrown or may no longer run. */
  Napi::Value Answered(napi_status status, napi_value value);
  uint32_t Length(Napi::Value array);
  template <typename T>
  TypedArray<T> Typed(const char* name, Napi::Value value, napi_typedarray_type type, const char* expected);
  /** `expected` is for the message. */
  void Fail(const char* name, const char* expected);
  bool AppendText(const char* name, Napi::Value value, std::string* text);
  std::optional<std::string> ToString(const char* name, Napi::Value value);
  std::vector<std::string> ToStrings(const char* name, Napi::Value value);
  std::vector<Napi::Object> ToObjects(const char* name, Napi::Value value);
  double Number(const char* name, Napi::Value value, double min, double max);
  double ToAmount(const char* name, Napi::Value value);
  template <typename T>
  std::vector<T> Numbers(const char* name, Napi::Value value, double min, double max);

  Napi::Env env_;
  Napi::Object object_;
  /** Of the whole. */
  bool own_ok_ = true;
  bool* ok_ = &own_ok_;
};

}  // namespace memcage

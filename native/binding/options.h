#pragma once

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sys/memory.h"

namespace memcage {

/**
 * A typed array among the options. The getter of another option may detach its buffer, so its elements can be had only
 * once all options are read, for as long as no JavaScript runs.
 */
template <typename T>
class TypedArray {
 public:
  TypedArray() = default;
  TypedArray(napi_env env, napi_value value) : env_(env), value_(value) {}

  /** Empty if it is detached. */
  [[nodiscard]] std::span<T> Elements() const {
    size_t length = 0;
    void* data = nullptr;
    if (value_ == nullptr) return {};
    if (napi_get_typedarray_info(env_, value_, nullptr, &length, &data, nullptr, nullptr) != napi_ok) return {};
    return {static_cast<T*>(data), length};
  }

 private:
  napi_env env_ = nullptr;
  napi_value value_ = nullptr;
};

/** What JavaScript calls a value. */
template <typename T>
struct Named {
  const char* name;
  T value;
};

/** Specialised for each enumeration among the options: `static constexpr Named<E> kAll[]`. */
template <typename E>
struct NamesOf;

/**
 * Reads the one options object of a function. The first wrong value throws a TypeError that names it. After that, or
 * after what a getter has thrown, nothing is read, and no getter is called any more: the caller leaves if it is not
 * ok().
 *
 * An object among the options is a structure for which there is `ReadOptions(Options&, T*)`. What views point to lasts
 * as long as the Options of the whole.
 */
class Options {
 public:
  explicit Options(const Napi::CallbackInfo& info);
  /** Reads an object within others: what is wrong with it is wrong with the `whole`. */
  Options(Options& whole, Napi::Object object)
      : env_(whole.env_), object_(object), ok_(whole.ok_), memory_(whole.memory_) {}
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options() = default;

  [[nodiscard]] bool ok() const { return *ok_; }
  /** Where what views point to is. */
  [[nodiscard]] Memory& memory() { return *memory_; }
  /** For what a reader can't know to be wrong. */
  void Refuse(const std::string& message);

  /** An option that can't be left out, unless it is a std::optional. */
  template <typename T>
  void Read(const char* name, T* to) {
    To(name, Get(name), to);
  }
  template <typename T>
  T Read(const char* name) {
    T value{};
    Read(name, &value);
    return value;
  }
  /** Leaves it as it is if the option is left out. */
  template <typename T>
  void ReadIfGiven(const char* name, T* to) {
    const Napi::Value value = Get(name);
    if (ok() && !value.IsUndefined()) To(name, value, to);
  }
  /** Leaves it as it is if the option is null. */
  template <typename T>
  void ReadUnlessNull(const char* name, T* to) {
    const Napi::Value value = Get(name);
    if (ok() && !value.IsNull()) To(name, value, to);
  }

 private:
  /** The value, or an empty one after a failure. */
  Napi::Value Get(const char* name);
  /** Whether the object has it itself: what somebody has added to Object.prototype is no option. */
  bool IsOwn(const char* name);
  /** What JavaScript answered: nothing, if it has thrown or may no longer run. */
  Napi::Value Answered(napi_status status, napi_value value);
  /** `expected` is for the message. */
  void Fail(const char* name, const char* expected);
  double Integer(const char* name, Napi::Value value, double min, double max);
  bool AppendText(const char* name, Napi::Value value, std::string* text);
  /** 0 after a failure. */
  uint32_t LengthOf(const char* name, Napi::Value array, const char* expected);
  Napi::Value Element(Napi::Value array, uint32_t index);
  bool IsObject(const char* name, Napi::Value value, const char* expected);
  bool IsTyped(const char* name, Napi::Value value, napi_typedarray_type type, const char* expected);

  void To(const char* name, Napi::Value value, bool* to);
  void To(const char* name, Napi::Value value, int* to);
  /** For ids and flags: 0 to 2^32 - 1. */
  void To(const char* name, Napi::Value value, uint32_t* to);
  /** For counts and the ids of events: 0 to 2^53 - 1. */
  void To(const char* name, Napi::Value value, int64_t* to);
  /** For amounts: 0 to Infinity. */
  void To(const char* name, Napi::Value value, double* to);
  void To(const char* name, Napi::Value value, std::string* to);
  void To(const char* name, Napi::Value value, const char** to);
  /** An array of strings, as exec takes them. */
  void To(const char* name, Napi::Value value, char* const** to);
  /** The bytes of a typed array, as they are now. */
  void To(const char* name, Napi::Value value, std::span<const uint8_t>* to);
  void To(const char* name, Napi::Value value, Napi::Function* to);
  void To(const char* name, Napi::Value value, TypedArray<uint8_t>* to);
  void To(const char* name, Napi::Value value, TypedArray<int32_t>* to);

  template <typename T>
  void To(const char* name, Napi::Value value, std::optional<T>* to) {
    if (ok() && !value.IsUndefined()) To(name, value, &to->emplace());
  }

  template <typename T>
  void To(const char* name, Napi::Value value, std::vector<T>* to) {
    const uint32_t length = LengthOf(name, value, ExpectedArray<T>());
    // The length of an array costs its caller nothing: new Array(2 ** 32 - 1).
    to->reserve(std::min<uint32_t>(length, 1024));
    for (uint32_t i = 0; ok() && i < length; ++i) {
      const Napi::Value element = Element(value, i);
      if (std::is_class_v<T> && !std::is_same_v<T, std::string> && !IsObject(name, element, ExpectedArray<T>())) return;
      To(name, element, &to->emplace_back());
    }
  }
  template <typename T>
  void To(const char* name, Napi::Value value, std::span<const T>* to) {
    std::vector<T> values;
    To(name, value, &values);
    *to = memory_->Keep(std::span<const T>(values));
  }
  template <typename T>
  void To(const char* name, Napi::Value value, const T** to) {
    T* made = memory_->Allocate<T>(1);
    *made = T{};
    To(name, value, made);
    *to = made;
  }
  template <typename T>
  static constexpr const char* ExpectedArray() {
    if (std::is_same_v<T, std::string> || std::is_same_v<T, const char*>) return "an array of strings";
    return std::is_class_v<T> ? "an array of objects" : "an array of integers";
  }

  template <typename T>
  void To(const char* name, Napi::Value value, T* to) {
    if constexpr (std::is_enum_v<T>) {
      std::string text;
      To(name, value, &text);
      for (const Named<T>& named : NamesOf<T>::kAll) {
        if (ok() && text == named.name) {
          *to = named.value;
          return;
        }
      }
      RefuseName<T>(name);
    } else if (IsObject(name, value, "an object")) {
      Options within(*this, value.As<Napi::Object>());
      ReadOptions(within, to);
    }
  }
  template <typename E>
  void RefuseName(const char* name) {
    std::string message = "Expected ";
    size_t left = std::size(NamesOf<E>::kAll);
    for (const Named<E>& named : NamesOf<E>::kAll) {
      left -= 1;
      message += std::string(named.name) + (left == 0 ? " for " : left == 1 ? " or " : ", ");
    }
    Refuse(message + name);
  }

  Napi::Env env_;
  Napi::Object object_;
  /** Whether nothing is wrong with the whole. */
  bool own_ok_ = true;
  bool* ok_ = &own_ok_;
  /** Of the whole; an object within has its memory there too. */
  std::optional<Memory> own_memory_;
  Memory* memory_;
};

}  // namespace memcage

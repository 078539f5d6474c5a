#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "binding/throw.h"
#include "clone/child_starter.h"
#include "sys/errors.h"
#include "sys/unique_fd.h"
#include "watch/child_exit.h"
#include "watch/meters.h"

// What the functions of the addon return, as values of JavaScript.
namespace memcage {

inline Napi::Value ToJs(Napi::Env /*env*/, Napi::Value value) { return value; }
inline Napi::Value ToJs(Napi::Env env, std::monostate /*nothing*/) { return env.Undefined(); }
inline Napi::Value ToJs(Napi::Env env, bool value) { return Napi::Boolean::New(env, value); }
inline Napi::Value ToJs(Napi::Env env, double value) { return Napi::Number::New(env, value); }
inline Napi::Value ToJs(Napi::Env env, int value) { return Napi::Number::New(env, value); }
inline Napi::Value ToJs(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }
/** Hands it out. */
Napi::Value ToJs(Napi::Env env, UniqueFd fd);
/** The contract's CloneFailure. */
Napi::Value ToJs(Napi::Env env, const CloneFailure& failure);

template <typename T>
Napi::Value ToJs(Napi::Env env, const std::vector<T>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  uint32_t index = 0;
  for (const T& value : values) array.Set(index++, ToJs(env, value));
  return array;
}

template <typename T>
Napi::Value ToJs(Napi::Env env, std::optional<T> value) {
  return value ? ToJs(env, std::move(*value)) : env.Null();
}

/** Throws a Refusal; other errors are values. */
template <typename T, typename E>
Napi::Value ToJs(Napi::Env env, Expected<T, E> outcome) {
  if (outcome) return ToJs(env, std::move(*outcome));
  if constexpr (std::is_same_v<E, Refusal>) {
    ThrowSystemError(env, outcome.error());
    return env.Undefined();
  } else {
    return ToJs(env, outcome.error());
  }
}

/** The members of the contract's ChildExit. */
void SetExit(Napi::Object object, const ChildExit& exit);

/** The members that the contract's MeterReading and the event of a meter share. */
void SetReading(Napi::Object object, const Meters::Reading& reading);

}  // namespace memcage

#pragma once

#include <napi.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>

#include "binding/options.h"
#include "binding/to_js.h"

namespace memcage {

/** The name of an option, as an argument of a template. */
template <size_t N>
struct Name {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant to become one.
  constexpr Name(const char (&literal)[N]) { std::copy_n(literal, N, text); }
  char text[N] = {};
};

/** In the place of Options: notes which options are read, without reading them. */
class OptionNames {
 public:
  template <typename T>
  void Read(const char* name, T* /*to*/) {
    Note(name);
  }
  template <typename T>
  void ReadIfGiven(const char* name, T* /*to*/) {
    Note(name);
  }
  void Note(const char* name);
  /** With a blank between two. */
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/** The type of a function whose parameters are its options, perhaps after the environment. */
template <typename Function>
struct Signature;
template <typename R, typename... Ts>
struct Signature<R (*)(Ts...)> {
  using Values = std::tuple<std::decay_t<Ts>...>;
  static R Call(R (*function)(Ts...), Napi::Env /*env*/, std::decay_t<Ts>&... given) { return function(given...); }
};
template <typename R, typename... Ts>
struct Signature<R (*)(Napi::Env, Ts...)> {
  using Values = std::tuple<std::decay_t<Ts>...>;
  static R Call(R (*function)(Napi::Env, Ts...), Napi::Env env, std::decay_t<Ts>&... given) {
    return function(env, given...);
  }
};

template <auto function, typename Values>
Napi::Value CallWith(Napi::Env env, Values& values) {
  const auto call = [&](auto&... given) { return Signature<decltype(function)>::Call(function, env, given...); };
  if constexpr (std::is_void_v<decltype(std::apply(call, values))>) {
    std::apply(call, values);
    return env.Undefined();
  } else {
    return ToJs(env, std::apply(call, values));
  }
}

template <Name... names, typename... Ts>
void ReadEach(Options& options, Ts&... to) {
  (options.Read(names.text, &to), ...);
}

template <auto function, Name... names>
Napi::Value FromJs(const Napi::CallbackInfo& info) {
  typename Signature<decltype(function)>::Values values;
  if constexpr (std::tuple_size_v<decltype(values)> == 0) {
    return CallWith<function>(info.Env(), values);
  } else {
    // The options have what the values point to.
    Options options(info);
    if constexpr (sizeof...(names) > 0) {
      std::apply([&](auto&... to) { ReadEach<names...>(options, to...); }, values);
    } else {
      ReadOptions(options, &std::get<0>(values));
    }
    return options.ok() ? CallWith<function>(info.Env(), values) : info.Env().Undefined();
  }
}

void AddFunction(Napi::Object exports, const char* name, Napi::Function function, const OptionNames& options);

/**
 * Adds a function to the exports. Its parameters, after the environment if it takes that, are the options `names`, or
 * one structure with the options as members. What it returns becomes a value of JavaScript, and a Refusal is thrown.
 * The property `options` has the names, for who refuses all others.
 */
template <auto function, Name... names>
void Add(Napi::Object exports, const char* name) {
  using Values = typename Signature<decltype(function)>::Values;
  OptionNames noted;
  if constexpr (sizeof...(names) > 0) {
    (noted.Note(names.text), ...);
  } else if constexpr (std::tuple_size_v<Values> > 0) {
    std::tuple_element_t<0, Values> unused;
    ReadOptions(noted, &unused);
  }
  AddFunction(exports, name, Napi::Function::New<&FromJs<function, names...>>(exports.Env(), name), noted);
}

}  // namespace memcage

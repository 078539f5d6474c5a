#pragma once

#include <string>
#include <utility>
#include <variant>

namespace memcage {

/** A system call that the kernel refused. */
struct Refusal {
  /** Negative errno. */
  int error = 0;
  const char* syscall = "";
  std::string path = {};
};

/** What was asked for, or why there is none. */
template <typename T = std::monostate, typename E = Refusal>
class [[nodiscard]] Expected {
 public:
  Expected() : value_(T()) {}
  Expected(T value) : value_(std::move(value)) {}
  Expected(E error) : value_(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(value_); }
  T& operator*() { return *std::get_if<T>(&value_); }
  const T& operator*() const { return *std::get_if<T>(&value_); }
  T* operator->() { return std::get_if<T>(&value_); }
  const T* operator->() const { return std::get_if<T>(&value_); }
  [[nodiscard]] E& error() { return *std::get_if<E>(&value_); }
  [[nodiscard]] const E& error() const { return *std::get_if<E>(&value_); }

 private:
  std::variant<T, E> value_;
};

/** Symbolic name of an errno, for example "EACCES". */
const char* ErrnoName(int positive_errno);

}  // namespace memcage

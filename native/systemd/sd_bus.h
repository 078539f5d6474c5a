#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "sys/clock.h"
#include "sys/errors.h"

// The parts of sd-bus(3) that memcage uses, as documented there: its header need not be installed to build memcage.
extern "C" {
struct sd_bus;
struct sd_bus_slot;
struct sd_bus_message;
struct sd_bus_error {
  const char* name;
  const char* message;
  int need_free;
};
using sd_bus_message_handler = int (*)(sd_bus_message*, void*, sd_bus_error*);
}

namespace memcage {

/** What went wrong between memcage and systemd. */
struct BusFailure {
  /** `library`, `connect`, `request`, `job` or `control-group`. */
  const char* step;
  /** The name of a D-Bus error or of an errno, or the result of the job. */
  std::string error;
  std::string message;
};

template <typename T = std::monostate>
using Answer = Expected<T, BusFailure>;

/** sd-bus from the machine's own libsystemd, which exists wherever systemd does. */
struct SdBus {
  int (*bus_new)(sd_bus**);
  int (*set_address)(sd_bus*, const char*);
  int (*set_bus_client)(sd_bus*, int);
  int (*start)(sd_bus*);
  int (*is_ready)(sd_bus*);
  int (*process)(sd_bus*, sd_bus_message**);
  int (*wait)(sd_bus*, uint64_t);
  int (*match_signal)(sd_bus*, sd_bus_slot**, const char*, const char*, const char*, const char*,
                      sd_bus_message_handler, void*);
  int (*new_method_call)(sd_bus*, sd_bus_message**, const char*, const char*, const char*, const char*);
  int (*append)(sd_bus_message*, const char*, ...);
  int (*open_container)(sd_bus_message*, char, const char*);
  int (*close_container)(sd_bus_message*);
  int (*call)(sd_bus*, sd_bus_message*, uint64_t, sd_bus_error*, sd_bus_message**);
  int (*read)(sd_bus_message*, const char*, ...);
  int (*get_property_string)(sd_bus*, const char*, const char*, const char*, const char*, sd_bus_error*, char**);
  int (*get_property_trivial)(sd_bus*, const char*, const char*, const char*, const char*, sd_bus_error*, char, void*);
  int (*set_timeout)(sd_bus*, uint64_t);
  sd_bus_message* (*message_unref)(sd_bus_message*);
  sd_bus* (*close_unref)(sd_bus*);
  void (*error_free)(sd_bus_error*);
};

/** nullptr if it is not installed, or older than version 240. Loaded at the first call, and never unloaded. */
const SdBus* LoadSdBus();

BusFailure FromErrno(const char* step, int negative_errno);

struct BusObject {
  const char* destination;
  const char* path;
  const char* interface;
};

class Deadline {
 public:
  explicit Deadline(int64_t timeout_ms) : end_ns_(sys::MonotonicNs() + timeout_ms * 1'000'000) {}
  /** In microseconds, as sd-bus takes them. Never 0, which would mean sd-bus's own default. */
  [[nodiscard]] uint64_t left_us() const {
    return static_cast<uint64_t>(std::max<int64_t>((end_ns_ - sys::MonotonicNs()) / 1000, 1));
  }
  [[nodiscard]] bool over() const { return sys::MonotonicNs() >= end_ns_; }

 private:
  int64_t end_ns_;
};

class Message {
 public:
  explicit Message(const SdBus& library) : library_(library) {}
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() {
    if (message_ != nullptr) library_.message_unref(message_);
  }
  sd_bus_message** out() { return &message_; }
  sd_bus_message* get() { return message_; }

 private:
  const SdBus& library_;
  sd_bus_message* message_ = nullptr;
};

class BusError {
 public:
  explicit BusError(const SdBus& library) : library_(library) {}
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { library_.error_free(&error_); }
  sd_bus_error* out() { return &error_; }
  /** `result` is the call's negative errno. */
  [[nodiscard]] BusFailure As(const char* step, int result) const {
    if (error_.name == nullptr) return FromErrno(step, result);
    return {step, error_.name, error_.message == nullptr ? "" : error_.message};
  }

 private:
  const SdBus& library_;
  sd_bus_error error_{};
};

/** A private connection, used by one thread. */
class Bus {
 public:
  Bus(const SdBus& library, int64_t timeout_ms) : library_(library), deadline_(timeout_ms) {}
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;
  ~Bus() {
    if (bus_ != nullptr) library_.close_unref(bus_);
  }

  Answer<> Connect(const std::string& address) {
    int result = library_.bus_new(&bus_);
    if (result >= 0) result = library_.set_address(bus_, address.c_str());
    if (result >= 0) result = library_.set_bus_client(bus_, 1);
    if (result >= 0) result = library_.set_timeout(bus_, deadline_.left_us());
    if (result >= 0) result = library_.start(bus_);
    if (result < 0) return FromErrno("connect", result);
    // sd_bus_call() would wait for the handshake without applying its own time-out.
    return Process("connect", [&] { return library_.is_ready(bus_); });
  }

  /** Dispatches messages until `done` returns 1, or fails with a negative number. */
  template <typename Done>
  Answer<> Process(const char* step, Done done) {
    for (;;) {
      int result = done();
      if (result < 0) return FromErrno(step, result);
      if (result > 0) return {};
      if (deadline_.over()) return BusFailure{step, "ETIMEDOUT", "no answer in time"};
      result = library_.process(bus_, nullptr);
      if (result == 0) result = library_.wait(bus_, deadline_.left_us());
      if (result < 0 && result != -EINTR) return FromErrno(step, result);
    }
  }

  Answer<> Call(const char* step, sd_bus_message* request, Message* reply) {
    BusError error(library_);
    const int result = library_.call(bus_, request, deadline_.left_us(), error.out(), reply->out());
    if (result < 0) return error.As(step, result);
    return {};
  }

  /** Calls a method. `fill` appends its arguments. */
  template <typename Fill>
  Answer<> CallMethod(const char* step, const BusObject& object, const char* method, Fill fill, Message* reply) {
    Message request(library_);
    int result =
        library_.new_method_call(bus_, request.out(), object.destination, object.path, object.interface, method);
    if (result >= 0) result = fill(request.get());
    if (result < 0) return FromErrno(step, result);
    return Call(step, request.get(), reply);
  }

  Answer<std::string> Property(const char* step, const BusObject& object, const char* name) {
    BusError error(library_);
    char* text = nullptr;
    const int result =
        library_.get_property_string(bus_, object.destination, object.path, object.interface, name, error.out(), &text);
    const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
    if (result < 0) return error.As(step, result);
    return std::string(text);
  }

  Answer<bool> Flag(const char* step, const BusObject& object, const char* name) {
    BusError error(library_);
    int value = 0;
    const int result = library_.get_property_trivial(bus_, object.destination, object.path, object.interface, name,
                                                     error.out(), 'b', &value);
    if (result < 0) return error.As(step, result);
    return value != 0;
  }

  sd_bus* get() { return bus_; }

 private:
  const SdBus& library_;
  Deadline deadline_;
  sd_bus* bus_ = nullptr;
};

}  // namespace memcage

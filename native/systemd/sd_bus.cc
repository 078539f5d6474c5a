#include "systemd/sd_bus.h"

#include <dlfcn.h>
#include <pthread.h>

#include <cstring>

#include "sys/errors.h"

namespace memcage {

namespace {

SdBus library{};
bool loaded = false;

void Load() {
  void* handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return;
  bool complete = true;
  const auto find = [&]<typename F>(F* function, const char* name) {
    *function = reinterpret_cast<F>(dlsym(handle, name));
    complete = complete && *function != nullptr;
  };
  find(&library.bus_new, "sd_bus_new");
  find(&library.set_address, "sd_bus_set_address");
  find(&library.set_bus_client, "sd_bus_set_bus_client");
  find(&library.start, "sd_bus_start");
  find(&library.is_ready, "sd_bus_is_ready");
  find(&library.process, "sd_bus_process");
  find(&library.wait, "sd_bus_wait");
  find(&library.match_signal, "sd_bus_match_signal");
  find(&library.new_method_call, "sd_bus_message_new_method_call");
  find(&library.append, "sd_bus_message_append");
  find(&library.open_container, "sd_bus_message_open_container");
  find(&library.close_container, "sd_bus_message_close_container");
  find(&library.call, "sd_bus_call");
  find(&library.read, "sd_bus_message_read");
  find(&library.get_property_string, "sd_bus_get_property_string");
  find(&library.get_property_trivial, "sd_bus_get_property_trivial");
  find(&library.set_timeout, "sd_bus_set_method_call_timeout");
  find(&library.message_unref, "sd_bus_message_unref");
  find(&library.close_unref, "sd_bus_close_unref");
  find(&library.error_free, "sd_bus_error_free");
  loaded = complete;
}

}  // namespace

const SdBus* LoadSdBus() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, Load);
  return loaded ? &library : nullptr;
}

BusFailure FromErrno(const char* step, int negative_errno) {
  return {step, ErrnoName(-negative_errno), strerror(-negative_errno)};
}

}  // namespace memcage

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "systemd/sd_bus.h"

/** Requests to systemd: a transient scope for the calling process, and what memcage must know for that. */
namespace memcage::systemd {

struct ScopeRequest {
  /** D-Bus address of the manager's bus. */
  std::string address;
  /** Unit name, which ends in ".scope". */
  std::string name;
  std::string description;
  std::optional<std::string> slice;
  int64_t timeout_ms;
};

/**
 * org.freedesktop.systemd1(5): StartTransientUnit with Delegate=yes and the caller as the only process, until
 * JobRemoved says that it has been moved. Blocks. Returns the scope's control group, or what failed. A process has one
 * scope: later calls, from any thread, return the control group of the first.
 */
std::variant<std::string, BusFailure> StartScope(const ScopeRequest& request);

/** The version of the manager at that address. Blocks. */
std::variant<std::string, BusFailure> ManagerVersion(const std::string& address, int64_t timeout_ms);

/** Whether a scope or service has Delegate=yes. Blocks. */
std::variant<bool, BusFailure> IsDelegated(const std::string& address, const std::string& unit, int64_t timeout_ms);

}  // namespace memcage::systemd

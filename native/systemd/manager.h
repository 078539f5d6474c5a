#pragma once

#include <cstdint>
#include <optional>
#include <string>

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
  int timeout_ms = 0;
};

/**
 * org.freedesktop.systemd1(5): StartTransientUnit with Delegate=yes and the caller as the only process, until
 * JobRemoved says that it has been moved. Blocks. Returns the scope's control group, or what failed. A process has one
 * scope: later calls, from any thread, return the control group of the first.
 */
Answer<std::string> StartScope(const ScopeRequest& request);

/** The version of the manager at that address. Blocks. */
Answer<std::string> ManagerVersion(const std::string& address, int64_t timeout_ms);

/** Whether a scope or service has Delegate=yes. Blocks. */
Answer<bool> IsDelegated(const std::string& address, const std::string& unit, int64_t timeout_ms);

}  // namespace memcage::systemd

#include "systemd/manager.h"

#include <mutex>

#include "sys/number.h"
#include "systemd/sd_bus.h"

namespace memcage::systemd {
namespace {

constexpr char kDestination[] = "org.freedesktop.systemd1";
constexpr char kScope[] = "org.freedesktop.systemd1.Scope";
constexpr BusObject kManager{kDestination, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"};

/** The object path that a reply consists of. */
Answer<std::string> ReadPath(const SdBus& library, const char* step, Message& reply) {
  const char* path = nullptr;
  const int result = library.read(reply.get(), "o", &path);
  // 0: the reply is empty.
  if (result <= 0) return FromErrno(step, result < 0 ? result : -ENODATA);
  return std::string(path);
}

/** The object path of a loaded unit. */
Answer<std::string> UnitPath(Bus& bus, const SdBus& library, const char* step, const std::string& name) {
  Message reply(library);
  const auto fill = [&](sd_bus_message* message) { return library.append(message, "s", name.c_str()); };
  if (Answer<> called = bus.CallMethod(step, kManager, "GetUnit", fill, &reply); !called) return called.error();
  return ReadPath(library, step, reply);
}

/** The job that was started. The handler fills in its result. */
struct Job {
  const SdBus& library;
  std::string path;
  std::string result;
};

int OnJobRemoved(sd_bus_message* message, void* data, sd_bus_error* /*error*/) {
  Job& job = *static_cast<Job*>(data);
  uint32_t id = 0;
  const char* path = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (job.library.read(message, "uoss", &id, &path, &unit, &result) <= 0) return 0;
  if (job.path == path) job.result = result;
  return 0;
}

int FillScope(const SdBus& library, sd_bus_message* message, const ScopeRequest& request) {
  int result = library.append(message, "ss", request.name.c_str(), "fail");
  if (result >= 0) result = library.open_container(message, 'a', "(sv)");
  if (result >= 0) result = library.append(message, "(sv)", "Description", "s", request.description.c_str());
  // 0 means the sender, whatever its pid is in the manager's PID namespace.
  if (result >= 0) result = library.append(message, "(sv)", "PIDs", "au", 1, 0U);
  if (result >= 0) result = library.append(message, "(sv)", "Delegate", "b", 1);
  // Otherwise a scope in which the OOM killer killed a process would stay as failed.
  if (result >= 0) result = library.append(message, "(sv)", "CollectMode", "s", "inactive-or-failed");
  if (result >= 0 && request.slice) {
    result = library.append(message, "(sv)", "Slice", "s", request.slice->c_str());
  }
  if (result >= 0) result = library.close_container(message);
  if (result >= 0) result = library.append(message, "a(sa(sv))", 0);
  return result;
}

BusFailure NoLibrary() { return {"library", "ENOENT", "libsystemd.so.0, version 240 or later, is not installed"}; }

void CancelJob(Bus& bus, const SdBus& library, const std::string& job_path) {
  const auto id = sys::LeadingNumber<uint32_t>(job_path.c_str() + (job_path.rfind('/') + 1));
  Message reply(library);
  const auto fill = [&](sd_bus_message* message) { return library.append(message, "u", id); };
  // Nobody waits for the job any more, whatever becomes of it.
  [[maybe_unused]] const Answer<> cancelled = bus.CallMethod("job", kManager, "CancelJob", fill, &reply);
}

Answer<std::string> Ask(const ScopeRequest& request) {
  const SdBus* library = LoadSdBus();
  if (library == nullptr) return NoLibrary();
  // Declared before the bus, whose destructor drops the match that refers to it.
  Job job{*library, {}, {}};
  Bus bus(*library, request.timeout_ms);
  if (Answer<> connected = bus.Connect(request.address); !connected) return connected.error();

  // Before the request, so that the signal can't be missed. systemd sends it only if someone has subscribed.
  const int matched = library->match_signal(bus.get(), nullptr, kManager.destination, kManager.path, kManager.interface,
                                            "JobRemoved", OnJobRemoved, &job);
  if (matched < 0) return FromErrno("request", matched);
  Message subscribed(*library);
  const auto nothing = [](sd_bus_message*) { return 0; };
  if (Answer<> called = bus.CallMethod("request", kManager, "Subscribe", nothing, &subscribed); !called) {
    return called.error();
  }
  Message started(*library);
  const auto fill = [&](sd_bus_message* message) { return FillScope(*library, message, request); };
  if (Answer<> called = bus.CallMethod("request", kManager, "StartTransientUnit", fill, &started); !called) {
    return called.error();
  }
  const Answer<std::string> path = ReadPath(*library, "request", started);
  if (!path) return path.error();
  job.path = *path;
  if (Answer<> ended = bus.Process("job", [&] { return job.result.empty() ? 0 : 1; }); !ended) {
    // Stopping the unit instead would kill the processes in it, perhaps this one.
    CancelJob(bus, *library, job.path);
    return ended.error();
  }
  if (job.result != "done") return BusFailure{"job", job.result, "the scope was not started"};

  const Answer<std::string> unit = UnitPath(bus, *library, "control-group", request.name);
  if (!unit) return unit.error();
  return bus.Property("control-group", {kDestination, unit->c_str(), kScope}, "ControlGroup");
}

}  // namespace

Answer<std::string> StartScope(const ScopeRequest& request) {
  // Without it, threads that ask at the same time would move the process from one scope to the next.
  static std::mutex mutex;
  // Never freed, or the C++ runtime would have to guard its construction: see native/sys/runtime.cc.
  static std::string* control_group = nullptr;
  const std::lock_guard<std::mutex> lock(mutex);
  if (control_group != nullptr) return *control_group;
  Answer<std::string> answer = Ask(request);
  if (answer) control_group = new std::string(*answer);
  return answer;
}

Answer<std::string> ManagerVersion(const std::string& address, int64_t timeout_ms) {
  const SdBus* library = LoadSdBus();
  if (library == nullptr) return NoLibrary();
  Bus bus(*library, timeout_ms);
  if (Answer<> connected = bus.Connect(address); !connected) return connected.error();
  return bus.Property("request", kManager, "Version");
}

Answer<bool> IsDelegated(const std::string& address, const std::string& unit, int64_t timeout_ms) {
  const SdBus* library = LoadSdBus();
  if (library == nullptr) return NoLibrary();
  Bus bus(*library, timeout_ms);
  if (Answer<> connected = bus.Connect(address); !connected) return connected.error();
  const Answer<std::string> object = UnitPath(bus, *library, "request", unit);
  if (!object) return object.error();
  const bool is_service = unit.ends_with(".service");
  const char* interface = is_service ? "org.freedesktop.systemd1.Service" : kScope;
  return bus.Flag("request", {kDestination, object->c_str(), interface}, "Delegate");
}

}  // namespace memcage::systemd

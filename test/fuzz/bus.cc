// What systemd answers over D-Bus. The library's functions are here: each takes its result, and what it hands over,
// from the input. They know what a caller may do with what they gave it.
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "input.h"
// Not its header: a process keeps the first scope, and what asks for one is a function of its own.
// NOLINTNEXTLINE(bugprone-suspicious-include)
#include "systemd/manager.cc"

using fuzz::Require;

struct sd_bus {
  sd_bus_message_handler handler = nullptr;
  void* data = nullptr;
};

/** A method call, or an answer: its texts are gone with it. */
struct sd_bus_message {
  std::string method;
  std::vector<std::string> texts;
  size_t next = 0;
};

namespace {

fuzz::Input input;
bool is_faked = false;
int64_t now_ns = 0;
size_t live = 0;
std::set<std::string> allocated_errors;
/** What was answered to each question. */
std::map<std::string, std::string> answered;

/** A result: 0 or more, or a negative errno. */
int Result(int good = 0) {
  const uint8_t byte = input.Byte();
  // Else most inputs end at the first call.
  return byte < 240 ? good : -1 - (byte - 240) * 8;
}

/** A text as D-Bus has it: without NUL. */
std::string Text() { return {input.Text(input.Below(24)).c_str()}; }

/** The path of a job or unit, often one like systemd's. */
std::string Path() {
  const std::string text = Text();
  return input.Below(2) == 0 ? "/org/freedesktop/systemd1/job/" + text : text;
}

sd_bus_message* NewMessage(std::string method, std::vector<std::string> texts) {
  live += 1;
  return new sd_bus_message{std::move(method), std::move(texts)};
}

int BusNew(sd_bus** bus) {
  const int result = Result();
  if (result < 0) return result;
  live += 1;
  *bus = new sd_bus;
  return result;
}
int SetAddress(sd_bus* /*bus*/, const char* /*address*/) { return Result(); }
int SetBusClient(sd_bus* /*bus*/, int /*is_client*/) { return Result(); }
int Start(sd_bus* /*bus*/) { return Result(); }
int IsReady(sd_bus* /*bus*/) { return Result(static_cast<int>(input.Below(2))); }

/** Sometimes a signal: that a job was removed, the one that was started or another. */
int Process(sd_bus* bus, sd_bus_message** /*message*/) {
  const int result = Result(static_cast<int>(input.Below(2)));
  if (result <= 0 || bus->handler == nullptr) return result;
  const std::string path = input.Below(2) == 0 ? answered["StartTransientUnit"] : Path();
  const std::string outcome = input.Below(2) == 0 ? "done" : Text();
  const bool is_ours = path == answered["StartTransientUnit"] && answered.contains("StartTransientUnit");
  sd_bus_message* signal = NewMessage("JobRemoved", {path, "unit", outcome});
  bus->handler(signal, bus->data, nullptr);
  if (is_ours && !outcome.empty()) answered["JobRemoved"] = outcome;
  delete signal;
  live -= 1;
  return result;
}
int Wait(sd_bus* /*bus*/, uint64_t timeout_us) {
  Require(timeout_us > 0, "a wait has an end of its own");
  now_ns += 1'000'000 * (1 + static_cast<int64_t>(input.Byte()));
  return Result();
}
int MatchSignal(sd_bus* bus, sd_bus_slot** /*slot*/, const char*, const char*, const char*, const char*,
                sd_bus_message_handler handler, void* data) {
  const int result = Result();
  if (result >= 0) *bus = {handler, data};
  return result;
}
int NewMethodCall(sd_bus* /*bus*/, sd_bus_message** message, const char* /*destination*/, const char* path,
                  const char* /*interface*/, const char* method) {
  Require(path != nullptr && method != nullptr, "a call names an object and a method");
  const int result = Result();
  if (result >= 0) *message = NewMessage(method, {});
  return result;
}
int Append(sd_bus_message* message, const char* types, ...) {
  va_list list;
  va_start(list, types);
  if (strcmp(types, "s") == 0) message->texts.emplace_back(va_arg(list, const char*));
  va_end(list);
  return Result();
}
int OpenContainer(sd_bus_message* /*message*/, char /*kind*/, const char* /*types*/) { return Result(); }
int CloseContainer(sd_bus_message* /*message*/) { return Result(); }

void SetError(sd_bus_error* error) {
  if (input.Below(2) == 0) return;
  live += 1;
  *error = {strdup(Text().c_str()), input.Below(2) == 0 ? nullptr : strdup(Text().c_str()), 1};
}

int Call(sd_bus* /*bus*/, sd_bus_message* message, uint64_t /*timeout*/, sd_bus_error* error, sd_bus_message** reply) {
  const int result = Result();
  if (result < 0) {
    SetError(error);
    return result;
  }
  const std::string path = Path();
  answered[message->method] = path;
  *reply = NewMessage(message->method, {path});
  return result;
}

/** Hands over texts that live as long as the message, or says that the message has others: 0 at its end. */
int Read(sd_bus_message* message, const char* types, ...) {
  const int result = Result(static_cast<int>(input.Below(8) != 0));
  if (result <= 0) {
    answered.erase(message->method);
    return result;
  }
  va_list list;
  va_start(list, types);
  for (const char* type = types; *type != '\0'; ++type) {
    if (*type == 'u') {
      *va_arg(list, uint32_t*) = static_cast<uint32_t>(input.Number());
    } else {
      *va_arg(list, const char**) = message->texts.at(message->next++).c_str();
    }
  }
  va_end(list);
  return result;
}
int GetPropertyString(sd_bus* /*bus*/, const char*, const char* path, const char*, const char* name,
                      sd_bus_error* error, char** text) {
  const int result = Result();
  if (result < 0) {
    SetError(error);
    return result;
  }
  if (strcmp(name, "ControlGroup") == 0) Require(answered["GetUnit"] == path, "the property is of the unit");
  answered[name] = Text();
  *text = strdup(answered[name].c_str());
  return result;
}
int GetPropertyTrivial(sd_bus* /*bus*/, const char*, const char*, const char*, const char*, sd_bus_error* error,
                       char type, void* value) {
  Require(type == 'b', "a flag is a boolean");
  const int result = Result();
  if (result < 0) {
    SetError(error);
    return result;
  }
  *static_cast<int*>(value) = static_cast<int>(input.Number());
  return result;
}
int SetTimeout(sd_bus* /*bus*/, uint64_t /*timeout*/) { return Result(); }
sd_bus_message* MessageUnref(sd_bus_message* message) {
  live -= 1;
  delete message;
  return nullptr;
}
sd_bus* CloseUnref(sd_bus* bus) {
  live -= 1;
  delete bus;
  return nullptr;
}
void ErrorFree(sd_bus_error* error) {
  if (error->need_free == 0) return;
  live -= 1;
  // NOLINTBEGIN(cppcoreguidelines-no-malloc): as libsystemd's own strings.
  free(const_cast<char*>(error->name));
  free(const_cast<char*>(error->message));
  // NOLINTEND(cppcoreguidelines-no-malloc)
  *error = {};
}

template <typename F>
void* Address(F* function) {
  return reinterpret_cast<void*>(function);
}
const std::map<std::string, void*> kFunctions{
    {"sd_bus_new", Address(BusNew)},
    {"sd_bus_set_address", Address(SetAddress)},
    {"sd_bus_set_bus_client", Address(SetBusClient)},
    {"sd_bus_start", Address(Start)},
    {"sd_bus_is_ready", Address(IsReady)},
    {"sd_bus_process", Address(Process)},
    {"sd_bus_wait", Address(Wait)},
    {"sd_bus_match_signal", Address(MatchSignal)},
    {"sd_bus_message_new_method_call", Address(NewMethodCall)},
    {"sd_bus_message_append", Address(Append)},
    {"sd_bus_message_open_container", Address(OpenContainer)},
    {"sd_bus_message_close_container", Address(CloseContainer)},
    {"sd_bus_call", Address(Call)},
    {"sd_bus_message_read", Address(Read)},
    {"sd_bus_get_property_string", Address(GetPropertyString)},
    {"sd_bus_get_property_trivial", Address(GetPropertyTrivial)},
    {"sd_bus_set_method_call_timeout", Address(SetTimeout)},
    {"sd_bus_message_unref", Address(MessageUnref)},
    {"sd_bus_close_unref", Address(CloseUnref)},
    {"sd_bus_error_free", Address(ErrorFree)},
};

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names (--wrap).
int __real_clock_gettime(clockid_t clock, timespec* time);

int __wrap_clock_gettime(clockid_t clock, timespec* time) {
  if (!is_faked) return __real_clock_gettime(clock, time);
  *time = {now_ns / 1'000'000'000, now_ns % 1'000'000'000};
  return 0;
}
// NOLINTEND(bugprone-reserved-identifier)

// The Makefile has the product call these, since ASan calls the C library's before all else.
void* FuzzDlopen(const char* /*file*/, int /*mode*/) { return &is_faked; }
void* FuzzDlsym(void* /*handle*/, const char* name) { return kFunctions.at(name); }
}

namespace {

void AskForScope() {
  memcage::systemd::ScopeRequest request{"unix:path=/run/bus", "memcage.scope", "text", std::nullopt, 1000};
  if (input.Below(2) == 0) request.slice = Text();
  const auto answer = memcage::systemd::Ask(request);
  if (!answer) {
    Require(answer.error().step != nullptr && *answer.error().step != '\0', "a failure has a step");
    return;
  }
#ifdef FUZZ_PLANTED
  // As if a long one were cut.
  const std::string text = answer->substr(0, 16);
#else
  const std::string& text = *answer;
#endif
  Require(text == answered["ControlGroup"], "the scope is what systemd says");
  Require(answered["JobRemoved"] == "done", "the job was done");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  input = fuzz::Input(data, size);
  answered.clear();
  now_ns = 0;
  is_faked = true;
  const size_t question = input.Below(4);
  if (question < 2) AskForScope();
  if (question == 2) {
    const auto version = memcage::systemd::ManagerVersion("unix:path=/run/bus", 1000);
    if (version) Require(*version == answered["Version"], "the version");
  }
  if (question == 3) {
    (void)memcage::systemd::IsDelegated("unix:path=/run/bus", input.Below(2) == 0 ? "a.service" : "b.scope", 1000);
  }
  is_faked = false;
  Require(live == 0, "every message, error and connection is given back");
  return 0;
}

#pragma once

#include <node_api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "named_input.h"

// The values of fake_node_api.cc, and how the input makes them.

struct napi_env__ {};

namespace fuzz {

/** Of an ArrayBuffer. Detached, its bytes are gone, as ASan sees. */
struct Buffer {
  std::vector<uint8_t> bytes;
};

}  // namespace fuzz

struct napi_value__ {
  napi_valuetype type = napi_undefined;
  bool boolean = false;
  double number = 0;
  std::string text;
  bool is_array = false;
  /** Of an array of the input's: its elements are made when they are asked for. */
  uint32_t length = 0;
  /** What its elements are to be. */
  char elements = '?';
  /** Whether the input says what its members are. */
  bool is_given = false;
  /** From the name of the function on. */
  std::string path;
  std::optional<napi_typedarray_type> typed;
  std::shared_ptr<fuzz::Buffer> buffer;
  std::map<std::string, napi_value> members;
  napi_callback callback = nullptr;
  void* data = nullptr;
};

namespace fuzz {

struct Finalizer {
  napi_finalize call;
  void* data;
  void* hint;
};

struct Environment {
  NamedInput* input = nullptr;
  /** The path of the option that was asked for last. */
  std::string asked;
  /** Whether that was left out to see whether it can be. */
  bool is_left_out = false;
  napi_env__ env;
  std::vector<std::unique_ptr<napi_value__>> values;
  std::vector<std::shared_ptr<Buffer>> buffers;
  std::vector<napi_async_work> queued;
  std::vector<Finalizer> finalizers;
  std::vector<std::pair<napi_cleanup_hook, void*>> hooks;
  std::map<std::string, double> given;
  napi_value exports = nullptr;
  napi_value pending = nullptr;
  bool is_terminating = false;
  bool is_in_call = false;
  Finalizer instance{};
  napi_extended_error_info last_error{};
};
extern Environment* current;

napi_value New(napi_valuetype type);
napi_value NewNumber(double number);
napi_value NewString(std::string text);
napi_value NewTyped(napi_typedarray_type type, size_t bytes);

/** Whether JavaScript can be called: it has thrown nothing, and is not being terminated. */
bool MayRun();
/** What the input says of it. */
Input& Said(const std::string& name);
/** An object of the input's. The path of what it has as members begins with its own. */
napi_value MakeObject(const std::string& path);

// What JavaScript gives when it is asked. nullptr or false: it has thrown, or may no longer run.
napi_value AskOption(const std::string& path);
napi_value AskElement(napi_value array);
bool AskWhetherOwn(const std::string& path, bool* is_own);

/** Takes what the addon expects from what it says of a value that it refuses, while it learns. */
void LearnFrom(const std::string& message);

}  // namespace fuzz

#include "fake_values.h"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "fake_node_api.h"

namespace fuzz {

Environment* current = nullptr;

napi_value New(napi_valuetype type) {
  current->values.push_back(std::make_unique<napi_value__>());
  current->values.back()->type = type;
  return current->values.back().get();
}

napi_value NewNumber(double number) {
  napi_value value = New(napi_number);
  value->number = number;
  return value;
}

napi_value NewString(std::string text) {
  napi_value value = New(napi_string);
  value->text = std::move(text);
  return value;
}

napi_value NewTyped(napi_typedarray_type type, size_t bytes) {
  napi_value value = New(napi_object);
  value->typed = type;
  value->buffer = std::make_shared<Buffer>();
  value->buffer->bytes.resize(bytes);
  current->buffers.push_back(value->buffer);
  return value;
}

bool MayRun() { return current->pending == nullptr && !current->is_terminating; }

namespace {

/** What the addon expects of an option. */
struct Option {
  /**
   * s string, w one of `words`, b boolean, n number, o object, f function, 8 and 4 typed arrays; upper case: arrays of
   * these; ? not known.
   */
  char kind = '?';
  /** Empty until that was tried. */
  std::optional<bool> is_optional;
  std::vector<std::string> words;
};
/** By path: "clone/root/mounts[]/kind". */
std::map<std::string, Option> options;
bool is_learning = false;

// A byte of zero is for the usual: what an input that says little of a function does not keep from getting far.

napi_value AnyText(Input& said) {
  static const char* const kWords[] = {"/a", "a", "nofile", "cpu.stat", "a.service", "755", "/a/../b", ""};
  const uint8_t choice = said.Byte();
  if (choice < 192) return NewString(kWords[choice / 24]);
  if (choice < 232) {
    std::string text = said.Text(choice - 192);
    std::replace(text.begin(), text.end(), '\0', '/');
    return NewString(std::move(text));
  }
  // Around the buffer for short ones, and with a NUL byte.
  if (choice < 246) return NewString(std::string(1010 + choice - 232, 'x'));
  if (choice < 248) return NewString(std::string("a\0b", 3));
  return NewString(std::string(size_t{1} << (choice - 239), 'y'));
}

double AnyNumber(Input& said) {
  // An id, flags of namespaces and a time can be this.
  constexpr double kUsual = CLONE_NEWNS;
  static const double kOdd[] = {-1,
                                -0.0,
                                0.5,
                                2147483647,
                                2147483648,
                                -2147483648,
                                4294967295,
                                4294967296,
                                9007199254740991,
                                9007199254740992,
                                1e300,
                                -1e300,
                                18446744073709551615.0,
                                std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN()};
  const uint8_t choice = said.Byte();
  if (choice < 64) return kUsual;
  if (choice < 128) return static_cast<double>(1U << choice % 32);
  if (choice < 192) return choice - 128;
  if (choice < 232) return static_cast<double>(said.Number() >> 32);
  if (choice < 247) return kOdd[choice - 232];
  const uint64_t bits = said.Number();
  double number = 0;
  memcpy(&number, &bits, sizeof(number));
  return number;
}

napi_value Make(const Option& option, const std::string& path);

napi_value MakeArray(char elements, const std::string& path) {
  napi_value array = MakeObject(path);
  array->is_array = true;
  array->elements = elements;
  const uint8_t choice = Said(path).Byte();
  // clone() needs at least one argument.
  array->length = (choice + (elements == 's' ? 1U : 0U)) % 8U;
  // new Array(2 ** 32 - 1) costs its caller nothing.
  if (choice >= 244) array->length = choice < 250 ? 300 : std::numeric_limits<uint32_t>::max();
  return array;
}

napi_value MakeAny(const std::string& path) {
  Input& said = Said(path);
  switch (said.Below(12)) {
    case 0:
      return New(napi_undefined);
    case 1:
      return New(napi_null);
    case 2:
      return New(napi_symbol);
    case 3:
      return New(napi_bigint);
    case 4:
      return NewTyped(static_cast<napi_typedarray_type>(said.Below(11)), size_t{8} * said.Below(16));
    case 5:
      return MakeArray("sonSON84?"[said.Below(9)], path);
    default:
      return Make({"sbnof84SNO" [said.Below(10)], {}, {}}, path);
  }
}

napi_value Make(const Option& option, const std::string& path) {
  Input& said = Said(path);
  napi_value value = nullptr;
  switch (option.kind) {
    case 'w': {
      const uint8_t choice = said.Byte();
      return choice < 240 ? NewString(option.words[choice % option.words.size()]) : AnyText(said);
    }
    case 's':
      return AnyText(said);
    case 'b':
      value = New(napi_boolean);
      value->boolean = said.Byte() >= 192;
      return value;
    case 'n':
      return NewNumber(AnyNumber(said));
    case 'o':
      return MakeObject(path);
    case 'f':
      return New(napi_function);
    case '8':
      return NewTyped(napi_uint8_array, said.Byte());
    case '4':
      return NewTyped(napi_int32_array, size_t{4} * said.Below(32));
    case 'S':
    case 'N':
    case 'O':
      return MakeArray(static_cast<char>(option.kind - 'A' + 'a'), path);
    default:
      return MakeAny(path);
  }
}

/** What a getter or a trap of JavaScript may do before it answers. False: it has thrown, or may no longer run. */
bool Interrupt(uint8_t choice, const std::string& path) {
  if (choice == 253) {
    for (const std::shared_ptr<Buffer>& buffer : current->buffers) std::vector<uint8_t>().swap(buffer->bytes);
  }
  // Any value may be thrown.
  if (choice == 254) current->pending = MakeAny(path);
  if (choice == 255) current->is_terminating = true;
  return choice < 254;
}

/** What JavaScript gives for it. nullptr: it has thrown, or may no longer run. */
napi_value Ask(const Option& option, const std::string& path) {
  // While it learns, it leaves out nothing and makes no trouble.
  const uint8_t choice = is_learning ? 249 : Said(path).Byte();
  if (!Interrupt(choice, path)) return nullptr;
  if (choice == 251 || choice == 252) return MakeAny(path);
  if (choice == 250) return New(napi_undefined);
  return option.is_optional == true && choice < 32 ? New(napi_undefined) : Make(option, path);
}

napi_value GiveOption(const std::string& path) {
  const auto found = options.find(path);
  if (!is_learning) return Ask(found == options.end() ? Option{} : found->second, path);
  Option& option = options[path];
  // Nothing that the addon expects is one.
  if (option.kind == '?') return New(napi_symbol);
  if (option.is_optional) return Ask(option, path);
  option.is_optional = true;
  current->is_left_out = true;
  return New(napi_undefined);
}

}  // namespace

Input& Said(const std::string& name) { return current->input->Of(name); }

napi_value MakeObject(const std::string& path) {
  napi_value value = New(napi_object);
  value->is_given = true;
  value->path = path;
  return value;
}

napi_value AskOption(const std::string& path) {
  current->asked = path;
  current->is_left_out = false;
  napi_value value = GiveOption(path);
  current->given.erase(path);
  if (value != nullptr && value->type == napi_number) current->given[path] = value->number;
  return value;
}

napi_value AskElement(napi_value array) {
  // The rest of it is holes.
  if (current->input->is_spent()) return New(napi_undefined);
  return Ask({array->elements, {}, {}}, array->path + "[]");
}

bool AskWhetherOwn(const std::string& path, bool* is_own) {
  const uint8_t choice = is_learning ? 0 : Said(path + " own").Byte();
  *is_own = choice != 252;
  // Else the value is that of Object.prototype, to which somebody has added it.
  if (!*is_own) current->given.erase(path);
  // Of a proxy this is a trap.
  return Interrupt(choice, path);
}

// No list here has to follow the addon. With one, an option that is not in it would keep all inputs from getting far.
void LearnFrom(const std::string& message) {
  static const std::map<std::string, char> kKinds{
      {"a boolean", 'b'},
      {"an integer in range", 'n'},
      {"a number from 0 on", 'n'},
      {"a function", 'f'},
      {"a Uint8Array", '8'},
      {"an Int32Array", '4'},
      {"an object", 'o'},
      {"an array of strings", 'S'},
      {"an array of integers", 'N'},
      {"an array of objects", 'O'},
      {"a string without NUL bytes", 's'},
  };
  // "Expected a boolean for sealed"
  const std::string before = "Expected ";
  const std::string after = " for " + current->asked.substr(current->asked.rfind('/') + 1);
  if (!is_learning || !message.starts_with(before) || !message.ends_with(after)) return;
  std::string expected = message.substr(before.size(), message.size() - before.size() - after.size());
  Option& option = options[current->asked];
  if (current->is_left_out) option.is_optional = false;
  const auto found = kKinds.find(expected);
  if (found != kKinds.end() && option.kind == '?') option.kind = found->second;
  if (found != kKinds.end() || option.kind != 's') return;
  option.kind = 'w';
  // "Expected new, bind or keep for proc"
  for (size_t at = 0; (at = expected.find(" or ")) != std::string::npos;) expected.replace(at, 4, ", ");
  for (size_t at = 0; (at = expected.find(", ")) != std::string::npos; expected.erase(0, at + 2)) {
    option.words.push_back(expected.substr(0, at));
  }
  option.words.push_back(expected);
}

void Learn(bool learns) {
  is_learning = learns;
  if (learns) return;
  for (const auto& [path, option] : options) Require(option.kind != '?', ("what the addon expects of " + path).c_str());
}

}  // namespace fuzz

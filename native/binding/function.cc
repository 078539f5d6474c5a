#include "binding/function.h"

namespace memcage {

void OptionNames::Note(const char* name) {
  if (!text_.empty()) text_ += ' ';
  text_ += name;
}

void AddFunction(Napi::Object exports, const char* name, Napi::Function function, const OptionNames& options) {
  function.Set("options", options.text());
  exports.Set(name, function);
}

}  // namespace memcage

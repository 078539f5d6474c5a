#include "guardian/process_state.h"

#include <dlfcn.h>
#include <link.h>

#include <string>
#include <vector>

#define MEMCAGE_STATE memcage_guardian_state_3
#define MEMCAGE_TEXT(name) #name
#define MEMCAGE_NAME_OF(symbol) MEMCAGE_TEXT(symbol)

extern "C" __attribute__((visibility("default"))) memcage::GuardianState MEMCAGE_STATE;
memcage::GuardianState MEMCAGE_STATE = {PTHREAD_MUTEX_INITIALIZER, -1, 0, 0};

namespace memcage {
namespace {

/** The copies of the addon, in the order in which they were loaded. */
std::vector<std::string> LoadedAddons() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* list) {
        const std::string name(info->dlpi_name);
        if (name.ends_with(".node")) static_cast<std::vector<std::string>*>(list)->push_back(name);
        return 0;
      },
      &names);
  return names;
}

GuardianState* found;

GuardianState* Find() {
  for (const std::string& name : LoadedAddons()) {
    void* addon = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (addon == nullptr) continue;
    void* state = dlsym(addon, MEMCAGE_NAME_OF(MEMCAGE_STATE));
    const bool kept = state != nullptr && dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
    dlclose(addon);
    if (kept) return static_cast<GuardianState*>(state);
  }
  return &MEMCAGE_STATE;
}

}  // namespace

GuardianState* GuardianState::OfProcess() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] { found = Find(); });
  return found;
}

}  // namespace memcage

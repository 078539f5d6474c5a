// The addon's functions, called with what JavaScript may give them. All of the addon is here, between a Node-API and a
// kernel that are made of the input.
#include "fake_kernel.h"
#include "fake_node_api.h"
#include "guardian/process_state.h"

extern "C" {
// The Makefile has the product call these: there is no libsystemd.
void* FuzzDlopen(const char* /*file*/, int /*mode*/) { return nullptr; }
void* FuzzDlsym(void* /*handle*/, const char* /*name*/) { return nullptr; }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kMostCalls = 8;
  fuzz::Input input(data, size);
  memcage::GuardianState* state = memcage::GuardianState::OfProcess();
  state->socket = static_cast<int>(input.Below(2)) - 1;
  state->open_cages = 0;
  fuzz::SetFaked(true);
  fuzz::BeginEnvironment(&input);
  for (int call = 0; call < kMostCalls && input.left() > 0 && !fuzz::IsTerminated(); ++call) fuzz::CallAnyFunction();
  fuzz::EndEnvironment();
  fuzz::SetFaked(false);
  return 0;
}

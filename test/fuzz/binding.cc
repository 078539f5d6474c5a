// The addon's functions, called with what JavaScript may give them. All of the addon is here, between a Node-API and a
// kernel that are made of the input.
#include <random>

#include "fake_kernel.h"
#include "fake_node_api.h"
#include "guardian/process_state.h"

extern "C" {
// The Makefile has the product call these: there is no libsystemd.
void* FuzzDlopen(const char* /*file*/, int /*mode*/) { return nullptr; }
void* FuzzDlsym(void* /*handle*/, const char* /*name*/) { return nullptr; }
}

namespace {

void Run(const uint8_t* data, size_t size) {
  fuzz::NamedInput input(data, size);
  memcage::GuardianState* state = memcage::GuardianState::OfProcess();
  state->socket = static_cast<int>(input.Of("guardian").Below(2)) - 1;
  state->open_cages = 0;
  fuzz::SetFaked(true);
  fuzz::BeginEnvironment(&input);
  for (size_t call = 0; call < fuzz::NamedInput::kCalls && !fuzz::IsTerminated(); ++call) {
    input.BeginCall(call);
    fuzz::CallAnyFunction();
  }
  fuzz::EndEnvironment();
  fuzz::SetFaked(false);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  // The same each time, so that what an input says stays the same.
  std::mt19937 random(1);
  fuzz::Learn(true);
  for (int call = 0; call < 800; ++call) {
    uint8_t bytes[64];
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    Run(bytes, sizeof(bytes));
  }
  fuzz::Learn(false);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Run(data, size);
  return 0;
}

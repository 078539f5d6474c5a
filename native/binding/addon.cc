#include <napi.h>

#include "binding/bindings.h"
#include "binding/instance.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new memcage::Instance(env));
  memcage::RegisterClone(exports);
  memcage::RegisterAttend(exports);
  memcage::RegisterWatcher(exports);
  memcage::RegisterMeters(exports);
  memcage::RegisterProcess(exports);
  memcage::RegisterThreadNamespaces(exports);
  memcage::RegisterCgroupFiles(exports);
  memcage::RegisterCgroupTree(exports);
  memcage::RegisterFds(exports);
  memcage::RegisterGuardian(exports);
  memcage::RegisterSystemd(exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(memcage, Init)

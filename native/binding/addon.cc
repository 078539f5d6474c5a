#include <napi.h>

#include "binding/bindings.h"
#include "binding/instance.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new memcage::Instance(env));
  memcage::RegisterClone(env, exports);
  memcage::RegisterAttend(env, exports);
  memcage::RegisterWatcher(env, exports);
  memcage::RegisterMeters(env, exports);
  memcage::RegisterPidfd(env, exports);
  memcage::RegisterThreadNamespaces(env, exports);
  memcage::RegisterCgroupFiles(env, exports);
  memcage::RegisterCgroupTree(env, exports);
  memcage::RegisterExec(env, exports);
  memcage::RegisterFds(env, exports);
  memcage::RegisterGuardian(env, exports);
  memcage::RegisterSystemd(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(memcage, Init)

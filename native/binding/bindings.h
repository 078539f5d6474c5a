#pragma once

#include <napi.h>

// Each adds its functions to the exports. The contract is types/native.d.ts.
namespace memcage {

void RegisterClone(Napi::Env env, Napi::Object exports);
void RegisterAttend(Napi::Env env, Napi::Object exports);
void RegisterWatcher(Napi::Env env, Napi::Object exports);
void RegisterMeters(Napi::Env env, Napi::Object exports);
void RegisterPidfd(Napi::Env env, Napi::Object exports);
void RegisterThreadNamespaces(Napi::Env env, Napi::Object exports);
void RegisterCgroupFiles(Napi::Env env, Napi::Object exports);
void RegisterCgroupTree(Napi::Env env, Napi::Object exports);
void RegisterExec(Napi::Env env, Napi::Object exports);
void RegisterFds(Napi::Env env, Napi::Object exports);
void RegisterGuardian(Napi::Env env, Napi::Object exports);
void RegisterSystemd(Napi::Env env, Napi::Object exports);

}  // namespace memcage

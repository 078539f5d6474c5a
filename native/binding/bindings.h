#pragma once

#include <napi.h>

// Each adds its functions to the exports. The contract is types/native.d.ts.
namespace memcage {

void RegisterClone(Napi::Object exports);
void RegisterAttend(Napi::Object exports);
void RegisterWatcher(Napi::Object exports);
void RegisterMeters(Napi::Object exports);
void RegisterProcess(Napi::Object exports);
void RegisterThreadNamespaces(Napi::Object exports);
void RegisterCgroupFiles(Napi::Object exports);
void RegisterCgroupTree(Napi::Object exports);
void RegisterFds(Napi::Object exports);
void RegisterGuardian(Napi::Object exports);
void RegisterSystemd(Napi::Object exports);

}  // namespace memcage

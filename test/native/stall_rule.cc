// For tests only: the rule that tells a stall, without a kernel.
#include "watch/stall_rule.h"

#include <napi.h>

#include <cstdint>

namespace {

using memcage::StallSign;
using memcage::StallSlice;
using memcage::StallStretch;

constexpr int64_t kUsPerMs = 1000;

/** Numbers are 0, and flags false, if they are left out. */
int64_t NumberOf(const Napi::Object& slice, const char* name) {
  const Napi::Value value = slice.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().Int64Value() : 0;
}

bool FlagOf(const Napi::Object& slice, const char* name) { return slice.Get(name).ToBoolean(); }

/** stretches(slices, limitMs): after each slice, how long the stretch is in milliseconds, and what told of it last. */
Napi::Value Stretches(const Napi::CallbackInfo& info) {
  const auto slices = info[0].As<Napi::Array>();
  Napi::Array stretches = Napi::Array::New(info.Env());
  StallStretch stretch(info[1].As<Napi::Number>().Int64Value() * kUsPerMs);
  for (uint32_t i = 0; i < slices.Length(); ++i) {
    const auto given = slices.Get(i).As<Napi::Object>();
    StallSlice slice;
    slice.length_us = NumberOf(given, "ms") * kUsPerMs;
    slice.grown.full_us = NumberOf(given, "fullUs");
    slice.grown.user_us = NumberOf(given, "userUs");
    slice.grown.system_us = NumberOf(given, "systemUs");
    slice.grown.major_faults = NumberOf(given, "majorFaults");
    slice.grown.faults = NumberOf(given, "faults");
    slice.grown.refaults = NumberOf(given, "refaults");
    slice.has_pressure = !FlagOf(given, "withoutPressure");
    slice.has_refaults = !FlagOf(given, "withoutRefaults");
    slice.waits_for_memory = FlagOf(given, "waits");
    slice.is_above_high = FlagOf(given, "isAboveHigh");
    stretch.Add(slice, slice.length_us);
    Napi::Object shown = Napi::Object::New(info.Env());
    shown.Set("ms", static_cast<double>(stretch.length_us() / kUsPerMs));
    shown.Set("sign", memcage::SignName(stretch.sign()));
    stretches.Set(i, shown);
  }
  return stretches;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("stretches", Napi::Function::New(env, Stretches, "stretches"));
  return exports;
}

}  // namespace

NODE_API_MODULE(stall_rule, Init)

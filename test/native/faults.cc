// For tests only: makes system calls fail, and makes system calls for which Node has no function.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <napi.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "../../native/sys/syscall_numbers.h"

namespace {

#define NUMBER(name) {#name, SYS_##name},
const std::map<std::string, long> kNumbers{
    // clang-format off
    NUMBER(capget) NUMBER(capset) NUMBER(chdir) NUMBER(chroot) NUMBER(clone) NUMBER(clone3) NUMBER(close_range) NUMBER(dup3)
    NUMBER(execve) NUMBER(fcntl) NUMBER(ioctl) NUMBER(ioprio_set) NUMBER(keyctl) NUMBER(memfd_create) NUMBER(mkdirat)
    NUMBER(mknodat) NUMBER(mount) NUMBER(mount_setattr) NUMBER(move_mount) NUMBER(open_tree) NUMBER(openat2)
    NUMBER(personality) NUMBER(pidfd_open) NUMBER(pidfd_send_signal) NUMBER(pivot_root) NUMBER(ppoll) NUMBER(prctl)
    NUMBER(prlimit64) NUMBER(ptrace) NUMBER(recvfrom) NUMBER(recvmsg) NUMBER(rt_sigaction) NUMBER(rt_sigprocmask)
    NUMBER(sched_setaffinity) NUMBER(sched_setscheduler) NUMBER(sendmsg) NUMBER(sendto)
    NUMBER(setgid) NUMBER(setgroups) NUMBER(sethostname) NUMBER(setpgid) NUMBER(setpriority) NUMBER(setresuid) NUMBER(setsid)
    NUMBER(setuid) NUMBER(socketpair) NUMBER(umount2) NUMBER(unshare) NUMBER(waitid)
    // clang-format on
};
#undef NUMBER

long NumberOf(Napi::Env env, const Napi::Value& name) {
  const auto found = kNumbers.find(name.As<Napi::String>().Utf8Value());
  if (found != kNumbers.end()) return found->second;
  Napi::TypeError::New(env, "No number is known for this system call").ThrowAsJavaScriptException();
  return -1;
}

uint32_t ArgumentOffset(uint32_t index) {
  // The lower half: every argument that a test looks at is an int.
  constexpr uint32_t kLowerHalf = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
  return static_cast<uint32_t>(offsetof(seccomp_data, args) + index * sizeof(uint64_t)) + kLowerHalf;
}

/** One rule: return the errno for this call (with this masked value of the argument), else continue after the rule. */
void AppendRule(Napi::Env env, Napi::Object rule, std::vector<sock_filter>* program) {
  const uint32_t number = static_cast<uint32_t>(NumberOf(env, rule.Get("syscall")));
  const uint32_t error = rule.Get("errno").As<Napi::Number>().Uint32Value();
  const bool conditional = rule.Has("argument");
  program->push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  program->push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, static_cast<uint8_t>(conditional ? 4 : 1)));
  if (conditional) {
    const uint32_t argument = rule.Get("argument").As<Napi::Number>().Uint32Value();
    const uint32_t mask = rule.Has("mask") ? rule.Get("mask").As<Napi::Number>().Uint32Value() : ~0U;
    const uint32_t value = rule.Get("value").As<Napi::Number>().Uint32Value();
    program->push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ArgumentOffset(argument)));
    program->push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    program->push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
  }
  program->push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)));
}

/** failSyscalls([{ syscall, errno, argument?, mask?, value? }]): for this thread and all that it creates. */
void FailSyscalls(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::vector<sock_filter> program;
  Napi::Array rules = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < rules.Length(); ++i) AppendRule(env, rules.Get(i).As<Napi::Object>(), &program);
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  if (env.IsExceptionPending()) return;

  sock_fprog filter{static_cast<uint16_t>(program.size()), program.data()};
  // An unprivileged thread may install a filter only if no setuid program can gain rights under it.
  long failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
  if (failed != 0 && errno == EACCES) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
  }
  if (failed != 0) Napi::Error::New(env, "seccomp(2) failed").ThrowAsJavaScriptException();
}

/** call(name, ...arguments: number | string | Uint8Array): the result, or the negative errno. */
Napi::Value Call(const Napi::CallbackInfo& info) {
  constexpr size_t kMaxArguments = 6;
  const long number = NumberOf(info.Env(), info[0]);
  if (number < 0) return info.Env().Undefined();
  std::string texts[kMaxArguments];
  uintptr_t arguments[kMaxArguments]{};
  for (size_t i = 0; i < kMaxArguments && i + 1 < info.Length(); ++i) {
    const Napi::Value value = info[i + 1];
    if (value.IsString()) {
      texts[i] = value.As<Napi::String>().Utf8Value();
      arguments[i] = reinterpret_cast<uintptr_t>(texts[i].c_str());
    } else if (value.IsTypedArray()) {
      arguments[i] = reinterpret_cast<uintptr_t>(value.As<Napi::Uint8Array>().Data());
    } else {
      arguments[i] = static_cast<uintptr_t>(value.As<Napi::Number>().Int64Value());
    }
  }
  const long result =
      syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
  return Napi::Number::New(info.Env(), static_cast<double>(result < 0 ? -errno : result));
}

/** errorText(errno): what the C library calls it, and so does a launcher. */
Napi::Value ErrorText(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), strerror(info[0].As<Napi::Number>().Int32Value()));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("failSyscalls", Napi::Function::New(env, FailSyscalls, "failSyscalls"));
  exports.Set("errorText", Napi::Function::New(env, ErrorText, "errorText"));
  exports.Set("call", Napi::Function::New(env, Call, "call"));
  return exports;
}

}  // namespace

NODE_API_MODULE(faults, Init)

#include "errors.h"

#include <cerrno>
#include <cstring>

namespace memcage {

const char* ErrnoName(int positive_errno) {
  switch (positive_errno) {
#define MEMCAGE_ERRNO(name) \
  case name:                \
    return #name;
    MEMCAGE_ERRNO(E2BIG)
    MEMCAGE_ERRNO(EACCES)
    MEMCAGE_ERRNO(EAGAIN)
    MEMCAGE_ERRNO(EBADF)
    MEMCAGE_ERRNO(EBUSY)
    MEMCAGE_ERRNO(ECHILD)
    MEMCAGE_ERRNO(EEXIST)
    MEMCAGE_ERRNO(EFAULT)
    MEMCAGE_ERRNO(EFBIG)
    MEMCAGE_ERRNO(EINTR)
    MEMCAGE_ERRNO(EINVAL)
    MEMCAGE_ERRNO(EIO)
    MEMCAGE_ERRNO(EISDIR)
    MEMCAGE_ERRNO(ELIBBAD)
    MEMCAGE_ERRNO(ELOOP)
    MEMCAGE_ERRNO(EMFILE)
    MEMCAGE_ERRNO(ENAMETOOLONG)
    MEMCAGE_ERRNO(ENFILE)
    MEMCAGE_ERRNO(ENODEV)
    MEMCAGE_ERRNO(ENOENT)
    MEMCAGE_ERRNO(ENOEXEC)
    MEMCAGE_ERRNO(ENOMEM)
    MEMCAGE_ERRNO(ENOSPC)
    MEMCAGE_ERRNO(ENOSYS)
    MEMCAGE_ERRNO(ENOTDIR)
    MEMCAGE_ERRNO(ENOTEMPTY)
    MEMCAGE_ERRNO(ENOTTY)
    MEMCAGE_ERRNO(ENXIO)
    MEMCAGE_ERRNO(EOPNOTSUPP)
    MEMCAGE_ERRNO(EOVERFLOW)
    MEMCAGE_ERRNO(EPERM)
    MEMCAGE_ERRNO(EPIPE)
    MEMCAGE_ERRNO(ERANGE)
    MEMCAGE_ERRNO(EROFS)
    MEMCAGE_ERRNO(ESRCH)
    MEMCAGE_ERRNO(ESTALE)
    MEMCAGE_ERRNO(ETIMEDOUT)
    MEMCAGE_ERRNO(ETXTBSY)
    MEMCAGE_ERRNO(EUSERS)
    MEMCAGE_ERRNO(EXDEV)
#undef MEMCAGE_ERRNO
    default:
      return "UNKNOWN";
  }
}

void ThrowSystemError(Napi::Env env, const SystemError& error) {
  const char* name = ErrnoName(-error.error);
  std::string message = std::string(name) + ": " + strerror(-error.error) + ", " + error.syscall;
  if (!error.path.empty()) message += " '" + error.path + "'";
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("code", Napi::String::New(env, name));
  thrown.Set("errno", Napi::Number::New(env, error.error));
  thrown.Set("syscall", Napi::String::New(env, error.syscall));
  if (!error.path.empty()) thrown.Set("path", Napi::String::New(env, error.path));
  thrown.ThrowAsJavaScriptException();
}

void ThrowCoded(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("code", Napi::String::New(env, code));
  thrown.ThrowAsJavaScriptException();
}

void ThrowInvalidArgument(Napi::Env env, const std::string& message) {
  Napi::TypeError thrown = Napi::TypeError::New(env, message);
  thrown.Set("code", Napi::String::New(env, "ERR_MEMCAGE_INVALID_ARGUMENT"));
  thrown.ThrowAsJavaScriptException();
}

}  // namespace memcage

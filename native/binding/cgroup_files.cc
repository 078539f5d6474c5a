#include <fcntl.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "binding/args.h"
#include "binding/bindings.h"
#include "binding/instance.h"
#include "binding/throw.h"
#include "binding/took.h"
#include "cgroup/files.h"
#include "sys/syscalls.h"

namespace memcage {
namespace {

std::optional<int> ParseAccess(const std::string& access) {
  if (access == "read") return O_RDONLY;
  if (access == "write") return O_WRONLY;
  if (access == "read-write") return O_RDWR;
  if (access == "directory") return O_RDONLY | O_DIRECTORY;
  if (access == "path") return O_PATH | O_DIRECTORY;
  if (access == "probe") return O_PATH;
  return std::nullopt;
}

Napi::Value OpenDirectory(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const std::string path = options.String("path");
  UniqueFd fd;
  Refusal error;
  if (!options.ok()) return info.Env().Undefined();
  if (!Took(cgroup::OpenDirectory(path), &fd, &error)) {
    ThrowSystemError(info.Env(), error);
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), Instance::Of(info.Env()).HandOut(std::move(fd)));
}

Napi::Value OpenBeneath(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const std::string access = options.String("access");
  if (!options.ok()) return info.Env().Undefined();
  const std::optional<int> flags = ParseAccess(access);
  if (!flags) {
    ThrowInvalidArgument(info.Env(), "Expected read, write, read-write, directory, path or probe for access");
    return info.Env().Undefined();
  }
  UniqueFd fd;
  Refusal error;
  if (!Took(cgroup::Open(dir_fd, path, *flags), &fd, &error)) {
    ThrowSystemError(info.Env(), error);
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), Instance::Of(info.Env()).HandOut(std::move(fd)));
}

Napi::Value ReadBeneath(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  if (!options.ok()) return info.Env().Undefined();
  std::string text;
  Refusal error;
  if (!Took(cgroup::Read(dir_fd, path), &text, &error)) {
    ThrowSystemError(info.Env(), error);
    return info.Env().Undefined();
  }
  return Napi::String::New(info.Env(), text);
}

void WriteBeneath(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const std::string value = options.String("value");
  if (!options.ok()) return;
  Refusal error;
  if (!Took(cgroup::Write(dir_fd, path, value), &error)) ThrowSystemError(info.Env(), error);
}

void MakeDirectory(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  const int mode = options.Int("mode");
  if (!options.ok()) return;
  Refusal error;
  if (!Took(cgroup::MakeDirectory(dir_fd, path, mode), &error)) ThrowSystemError(info.Env(), error);
}

void RemoveDirectory(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  if (!options.ok()) return;
  Refusal error;
  if (!Took(cgroup::RemoveDirectory(dir_fd, path), &error)) ThrowSystemError(info.Env(), error);
}

void StampDirectory(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  if (!options.ok()) return;
  Refusal error;
  if (!Took(cgroup::Stamp(dir_fd, path), &error)) ThrowSystemError(info.Env(), error);
}

Napi::Value IsStamped(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  if (!options.ok()) return info.Env().Undefined();
  Refusal error;
  bool stamped = false;
  if (Took(cgroup::IsStamped(dir_fd, path), &stamped, &error)) return Napi::Boolean::New(info.Env(), stamped);
  ThrowSystemError(info.Env(), error);
  return info.Env().Undefined();
}

Napi::Value ListDirectories(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int dir_fd = options.Int("dirFd");
  const std::string path = options.String("path");
  if (!options.ok()) return info.Env().Undefined();
  std::vector<std::string> names;
  Refusal error;
  if (!Took(cgroup::ListDirectories(dir_fd, path), &names, &error)) {
    ThrowSystemError(info.Env(), error);
    return info.Env().Undefined();
  }
  Napi::Array list = Napi::Array::New(info.Env(), names.size());
  uint32_t index = 0;
  for (const std::string& name : names) list.Set(index++, name);
  return list;
}

Napi::Value ReadOpen(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  const TypedArray<uint8_t> buffer = options.Bytes("buffer");
  if (!options.ok()) return info.Env().Undefined();
  const std::span<uint8_t> bytes = buffer.Elements();
  const ssize_t length = cgroup::ReadOnce(fd, bytes.data(), bytes.size());
  if (length < 0) {
    ThrowSystemError(info.Env(), {static_cast<int>(length), "pread", {}});
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), static_cast<double>(length));
}

/** Like ReadOnce, but opens the file only for the read. */
ssize_t ReadBeneathOnce(int dir_fd, const std::string& path, uint8_t* buffer, size_t size) {
  UniqueFd fd;
  Refusal error;
  if (!Took(cgroup::Open(dir_fd, path, O_RDONLY), &fd, &error)) return error.error;
  return cgroup::ReadOnce(fd.get(), buffer, size);
}

Napi::Value ReadMany(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  const TypedArray<int32_t> given_fds = options.Int32s("fds");
  const std::optional<std::vector<std::string>> paths = options.OptionalStrings("paths");
  const uint32_t first = options.Uint("first");
  const TypedArray<uint8_t> given_buffer = options.Bytes("buffer");
  const TypedArray<int32_t> given_lengths = options.Int32s("lengths");
  if (!options.ok()) return env.Undefined();
  const std::span<int32_t> fds = given_fds.Elements();
  const std::span<uint8_t> buffer = given_buffer.Elements();
  const std::span<int32_t> lengths = given_lengths.Elements();
  const size_t count = fds.size();
  if (lengths.size() < count || (paths && paths->size() != count)) {
    ThrowInvalidArgument(env, "Expected as many paths and lengths as fds");
    return env.Undefined();
  }
  size_t used = 0;
  size_t index = first;
  for (; index < count; ++index) {
    uint8_t* place = buffer.data() + used;
    const size_t room = buffer.size() - used;
    const ssize_t length =
        paths ? ReadBeneathOnce(fds[index], (*paths)[index], place, room) : cgroup::ReadOnce(fds[index], place, room);
    // A text that fills the room may be truncated. With no room, a read returns 0.
    if (length >= 0 && static_cast<size_t>(length) >= room) break;
    lengths[index] = static_cast<int32_t>(length);
    if (length > 0) used += static_cast<size_t>(length);
  }
  return Napi::Number::New(env, static_cast<double>(index));
}

void WriteOpen(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  const std::string value = options.String("value");
  if (!options.ok()) return;
  Refusal error;
  if (!Took(cgroup::WriteOpen(fd, value), &error)) ThrowSystemError(info.Env(), error);
}

Napi::Value TryLock(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (!options.ok()) return info.Env().Undefined();
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return Napi::Boolean::New(info.Env(), true);
  if (errno != EWOULDBLOCK) ThrowSystemError(info.Env(), {sys::NegativeErrno(), "flock", {}});
  return Napi::Boolean::New(info.Env(), false);
}

/** Of a whole file, or all of it that will ever be. */
struct flock WholeFile(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

Napi::Value TryFileLock(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  const bool shared = options.Bool("shared");
  if (!options.ok()) return info.Env().Undefined();
  struct flock lock = WholeFile(shared ? F_RDLCK : F_WRLCK);
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return Napi::Boolean::New(info.Env(), true);
  if (errno != EAGAIN && errno != EACCES) ThrowSystemError(info.Env(), {sys::NegativeErrno(), "fcntl", {}});
  return Napi::Boolean::New(info.Env(), false);
}

Napi::Value IsFileLocked(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const int fd = options.Int("fd");
  if (!options.ok()) return info.Env().Undefined();
  struct flock lock = WholeFile(F_RDLCK);
  if (fcntl(fd, F_OFD_GETLK, &lock) == 0) return Napi::Boolean::New(info.Env(), lock.l_type == F_WRLCK);
  ThrowSystemError(info.Env(), {sys::NegativeErrno(), "fcntl", {}});
  return info.Env().Undefined();
}

void CheckAccess(const Napi::CallbackInfo& info) {
  ArgumentReader options(info);
  const std::string path = options.String("path");
  const int mode = options.Int("mode");
  if (!options.ok()) return;
  const sys::Result refused = sys::EffectiveAccess(path.c_str(), mode);
  if (refused < 0) ThrowSystemError(info.Env(), {refused.as_int(), "faccessat", path});
}

/** The value of an extended attribute of a directory; null if there is none, or it may not be read. */
Napi::Value ReadAttribute(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ArgumentReader options(info);
  const std::string path = options.String("path");
  const std::string name = options.String("name");
  if (!options.ok()) return env.Undefined();
  char value[256];
  const ssize_t length = getxattr(path.c_str(), name.c_str(), value, sizeof(value));
  if (length >= 0) return Napi::String::New(env, value, static_cast<size_t>(length));
  if (errno == ENODATA || errno == ENOTSUP || errno == EPERM) return env.Null();
  ThrowSystemError(env, {sys::NegativeErrno(), "getxattr", path});
  return env.Undefined();
}

}  // namespace

void RegisterCgroupFiles(Napi::Env env, Napi::Object exports) {
  exports.Set("openDirectory", Napi::Function::New(env, OpenDirectory, "openDirectory"));
  exports.Set("openBeneath", Napi::Function::New(env, OpenBeneath, "openBeneath"));
  exports.Set("readBeneath", Napi::Function::New(env, ReadBeneath, "readBeneath"));
  exports.Set("writeBeneath", Napi::Function::New(env, WriteBeneath, "writeBeneath"));
  exports.Set("makeDirectory", Napi::Function::New(env, MakeDirectory, "makeDirectory"));
  exports.Set("removeDirectory", Napi::Function::New(env, RemoveDirectory, "removeDirectory"));
  exports.Set("stampDirectory", Napi::Function::New(env, StampDirectory, "stampDirectory"));
  exports.Set("isStamped", Napi::Function::New(env, IsStamped, "isStamped"));
  exports.Set("listDirectories", Napi::Function::New(env, ListDirectories, "listDirectories"));
  exports.Set("readOpen", Napi::Function::New(env, ReadOpen, "readOpen"));
  exports.Set("readMany", Napi::Function::New(env, ReadMany, "readMany"));
  exports.Set("writeOpen", Napi::Function::New(env, WriteOpen, "writeOpen"));
  exports.Set("checkAccess", Napi::Function::New(env, CheckAccess, "checkAccess"));
  exports.Set("readAttribute", Napi::Function::New(env, ReadAttribute, "readAttribute"));
  exports.Set("tryLock", Napi::Function::New(env, TryLock, "tryLock"));
  exports.Set("tryFileLock", Napi::Function::New(env, TryFileLock, "tryFileLock"));
  exports.Set("isFileLocked", Napi::Function::New(env, IsFileLocked, "isFileLocked"));
}

}  // namespace memcage

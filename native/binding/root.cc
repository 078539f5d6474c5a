#include "binding/root.h"

#include <string>

namespace memcage {
namespace {

TmpfsRequest ReadTmpfs(ArgumentReader& options) {
  TmpfsRequest tmpfs;
  tmpfs.size = options.OptionalString("size");
  tmpfs.mode = options.String("mode");
  return tmpfs;
}

MountRequest ReadMount(ArgumentReader& options) {
  MountRequest mount;
  const std::string kind = options.String("kind");
  if (kind != "bind" && kind != "tmpfs") options.Refuse("Expected bind or tmpfs for kind");
  mount.to = options.String("to");
  mount.create = options.Bool("create");
  if (kind == "bind") {
    mount.from = options.String("from");
    mount.read_only = options.Bool("readOnly");
  } else {
    mount.tmpfs = ReadTmpfs(options);
  }
  return mount;
}

std::optional<RootProc> ToProc(const std::string& name) {
  if (name == "keep") return RootProc::kKeep;
  if (name == "new") return RootProc::kNew;
  if (name == "bind") return RootProc::kBind;
  return std::nullopt;
}

}  // namespace

std::optional<RootRequest> ReadRoot(ArgumentReader& options) {
  const std::optional<Napi::Object> object = options.OptionalObject("root");
  if (!object) return std::nullopt;
  ArgumentReader given(options, *object);
  RootRequest root;
  root.path = given.NullableString("path");
  root.empty = given.Bool("empty");
  if (const std::optional<Napi::Object> empty = given.OptionalObject("emptyOptions")) {
    ArgumentReader of_empty(options, *empty);
    root.empty_options = ReadTmpfs(of_empty);
  }
  root.read_only = given.Bool("readOnly");
  for (const Napi::Object entry : given.Objects("mounts")) {
    ArgumentReader of_mount(options, entry);
    root.mounts.push_back(ReadMount(of_mount));
  }
  root.hide = given.Strings("hide");
  const std::optional<RootProc> proc = ToProc(given.String("proc"));
  if (!proc) given.Refuse("Expected new, bind or keep for proc");
  root.proc = proc.value_or(RootProc::kKeep);
  root.dev = given.Bool("dev");
  root.cwd = given.String("cwd");
  return root;
}

}  // namespace memcage

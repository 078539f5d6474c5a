#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clone/root_plan.h"

namespace memcage {

struct TmpfsRequest {
  /** Decimal bytes. */
  std::optional<std::string> size;
  /** Octal. */
  std::string mode;
};

struct MountRequest {
  /** Of a bind; else it is a tmpfs. */
  std::optional<std::string> from;
  std::string to;
  TmpfsRequest tmpfs;
  bool read_only = false;
  bool create = false;
};

/** The root directory of one clone as C++ values. It owns the memory to which its plan points. */
struct RootRequest {
  std::optional<std::string> path;
  bool empty = false;
  TmpfsRequest empty_options{{}, "755"};
  bool read_only = false;
  std::vector<MountRequest> mounts;
  std::vector<std::string> hide;
  RootProc proc = RootProc::kKeep;
  bool dev = false;
  std::string cwd;

  /** The plan is valid until the request is changed or destroyed. */
  const RootPlan* Plan();

 private:
  RootPlan plan_{};
  std::vector<RootMount> mounts_;
  std::vector<const char*> hide_;
};

/** Why a child can't have this root, whatever the kernel says; nullptr if nothing is wrong with it. */
const char* WhyRefused(const RootRequest& root);

}  // namespace memcage

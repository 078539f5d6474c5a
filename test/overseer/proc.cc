#include "proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>

#include "../../native/sys/unique_fd.h"

namespace memcage::overseer {
namespace {

constexpr size_t kMostCharacters = 160;
constexpr int kAttempts = 500;
constexpr useconds_t kPauseUs = 10'000;

std::string PathOf(pid_t pid, const std::string& name) { return "/proc/" + std::to_string(pid) + "/" + name; }

}  // namespace

std::string ReadProc(pid_t pid, const char* name) {
  const UniqueFd fd(open(PathOf(pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t length = fd.valid() ? read(fd.get(), buffer, sizeof(buffer)) : 0;
    if (length <= 0) return text;
    text.append(buffer, static_cast<size_t>(length));
  }
}

std::string ReadProcLink(pid_t pid, const std::string& name) {
  char buffer[4096];
  const ssize_t length = readlink(PathOf(pid, name).c_str(), buffer, sizeof(buffer));
  return {buffer, length > 0 ? static_cast<size_t>(length) : 0};
}

std::string ReadString(pid_t pid, uint64_t address) {
  if (address == 0) return {};
  char buffer[kMostCharacters];
  // Not process_vm_readv(2), which a kernel may lack. What is behind the string's page need not be mapped.
  const UniqueFd memory(open(PathOf(pid, "mem").c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t length = memory.valid() ? pread(memory.get(), buffer, sizeof(buffer), static_cast<off_t>(address)) : 0;
  if (length <= 0) return {};
  return {buffer, strnlen(buffer, static_cast<size_t>(length))};
}

pid_t StatusNumber(const std::string& status, const char* key) {
  const size_t at = status.find(std::string("\n") + key + ":");
  return at == std::string::npos ? -1 : atoi(status.c_str() + at + strlen(key) + 2);
}

bool IsDead(pid_t pid) {
  const std::string status = ReadProc(pid, "status");
  return status.empty() || status.find("\nState:\tZ") != std::string::npos ||
         status.find("\nState:\tX") != std::string::npos;
}

bool HasChild(pid_t pid) {
  const std::string children = "task/" + std::to_string(pid) + "/children";
  return !ReadProc(pid, children.c_str()).empty();
}

std::vector<pid_t> Descendants() {
  std::multimap<pid_t, pid_t> children;
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return {};
  while (const dirent* entry = readdir(directory)) {
    const pid_t pid = atoi(entry->d_name);
    if (pid > 0) children.emplace(StatusNumber(ReadProc(pid, "status"), "PPid"), pid);
  }
  closedir(directory);
  std::vector<pid_t> found{getpid()};
  for (size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child) found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

void EndDescendants() {
  for (int i = 0; i < kAttempts; ++i) {
    for (const pid_t pid : Descendants()) kill(pid, SIGKILL);
    pid_t reaped = 0;
    do {
      reaped = waitpid(-1, nullptr, WNOHANG);
    } while (reaped > 0);
    if (reaped < 0) return;
    usleep(kPauseUs);
  }
}

}  // namespace memcage::overseer

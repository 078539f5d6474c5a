#pragma once

#include <linux/limits.h>

#include <cstddef>
#include <cstring>

// What exec tries. `memory` has `T* Allocate<T>(count)`, which gives zeroed memory that lasts until exec, or nullptr.
namespace memcage {

inline const char* SearchPath(char* const* envp) {
  constexpr char kKey[] = "PATH=";
  constexpr size_t kLength = sizeof(kKey) - 1;
  for (; *envp != nullptr; ++envp) {
    if (strncmp(*envp, kKey, kLength) == 0) return *envp + kLength;
  }
  // What execvp(3) searches when PATH is unset: confstr(_CS_PATH).
  return "/bin:/usr/bin";
}

/** The paths that execvp(3) would try for `file` under the PATH in `envp`. nullptr if there is no memory. */
template <typename Memory>
const char* const* ExecCandidates(Memory& memory, const char* file, char* const* envp) {
  const bool is_searched = *file != '\0' && strchr(file, '/') == nullptr;
  const char* path = is_searched ? SearchPath(envp) : "";
  size_t count = 1;
  for (const char* at = path; *at != '\0'; ++at) count += *at == ':' ? 1 : 0;
  const size_t file_size = strlen(file) + 1;
  const char** candidates = memory.template Allocate<const char*>(count + 1);
  char* text = memory.template Allocate<char>(strlen(path) + count * (file_size + 1));
  if (candidates == nullptr || text == nullptr) return nullptr;
  if (!is_searched) {
    candidates[0] = file;
    return candidates;
  }
  size_t used = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t length = strcspn(path, ":");
    // glibc skips a directory that is too long for a path. The kernel's error for it would end the search.
    if (length < PATH_MAX) {
      candidates[used++] = text;
      memcpy(text, path, length);
      text += length;
      // An empty element stands for the working directory.
      if (length > 0) *text++ = '/';
      memcpy(text, file, file_size);
      text += file_size;
    }
    path += length + 1;
  }
  return candidates;
}

/** argv for /bin/sh to run a script, whose place is the second entry. nullptr if there is no memory. */
template <typename Memory>
char** ShellArguments(Memory& memory, char* const* argv) {
  constexpr char kShell[] = "/bin/sh";
  size_t count = 0;
  while (argv[count] != nullptr) ++count;
  char** result = memory.template Allocate<char*>(count + 2);
  char* shell = memory.template Allocate<char>(sizeof(kShell));
  if (result == nullptr || shell == nullptr) return nullptr;
  memcpy(shell, kShell, sizeof(kShell));
  result[0] = shell;
  for (size_t i = 1; i < count; ++i) result[i + 1] = argv[i];
  return result;
}

}  // namespace memcage

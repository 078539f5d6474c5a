#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sys/errors.h"
#include "sys/unique_fd.h"

// Files and directories of a cgroup hierarchy, always reached beneath a directory fd.
namespace memcage::cgroup {

Expected<UniqueFd> OpenDirectory(const std::string& path);
Expected<UniqueFd> Open(int dir_fd, const std::string& path, int flags);
Expected<std::string> Read(int dir_fd, const std::string& path);
/** One pread(2) at offset 0: the number of bytes, or the negative errno. */
ssize_t ReadOnce(int fd, uint8_t* buffer, size_t size);
Expected<> Write(int dir_fd, const std::string& path, const std::string& value);
Expected<> WriteOpen(int fd, const std::string& value);
Expected<> MakeDirectory(int dir_fd, const std::string& path, int mode);
Expected<> RemoveDirectory(int dir_fd, const std::string& path);
/**
 * Marks a directory, to find out later whether a directory was made or removed in it: that makes the kernel update the
 * time of modification. (kernfs does so only once someone has set that time.)
 */
Expected<> Stamp(int dir_fd, const std::string& path);
/** Whether the mark of Stamp() is still there. */
Expected<bool> IsStamped(int dir_fd, const std::string& path);
/** Names of the directories directly below. */
Expected<std::vector<std::string>> ListDirectories(int dir_fd, const std::string& path);

}  // namespace memcage::cgroup

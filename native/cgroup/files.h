#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sys/errors.h"
#include "sys/unique_fd.h"

// Files and directories of a cgroup hierarchy, always reached beneath a directory fd. Each function returns true, or
// fills in the kernel's refusal.
namespace memcage::cgroup {

bool OpenDirectory(const std::string& path, UniqueFd* fd, SystemError* error);
bool Open(int dir_fd, const std::string& path, int flags, UniqueFd* fd, SystemError* error);
bool Read(int dir_fd, const std::string& path, std::string* text, SystemError* error);
/** One pread(2) at offset 0: the number of bytes, or the negative errno. */
ssize_t ReadOnce(int fd, uint8_t* buffer, size_t size);
bool Write(int dir_fd, const std::string& path, const std::string& value, SystemError* error);
bool WriteOpen(int fd, const std::string& value, SystemError* error);
bool MakeDirectory(int dir_fd, const std::string& path, int mode, SystemError* error);
bool RemoveDirectory(int dir_fd, const std::string& path, SystemError* error);
/**
 * Marks a directory, to find out later whether a directory was made or removed in it: that makes the kernel update the
 * time of modification. (kernfs does so only once someone has set that time.)
 */
bool Stamp(int dir_fd, const std::string& path, SystemError* error);
/** Whether the mark of Stamp() is still there. */
bool IsStamped(int dir_fd, const std::string& path, bool* stamped, SystemError* error);
bool ListDirectories(int dir_fd, const std::string& path, std::vector<std::string>* names, SystemError* error);

}  // namespace memcage::cgroup

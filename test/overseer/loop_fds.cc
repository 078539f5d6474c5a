#include "loop_fds.h"

#include <dirent.h>

#include <cstdlib>
#include <string>

#include "../../native/sys/syscall_numbers.h"
#include "proc.h"

namespace memcage::overseer {

void LoopFds::Note(pid_t process) {
  if (are_noted_) return;
  are_noted_ = true;
  DIR* directory = opendir(("/proc/" + std::to_string(process) + "/fd").c_str());
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    const std::string link = ReadProcLink(process, std::string("fd/") + entry->d_name);
    if (link == "anon_inode:[eventpoll]" || link == "anon_inode:[eventfd]") fds_.insert(atoi(entry->d_name));
  }
  closedir(directory);
}

bool LoopFds::IsOn(const seccomp_notif& call) const {
  const int number = call.data.nr;
  if (number != SYS_read && number != SYS_write && number != SYS_epoll_ctl) return false;
  return fds_.contains(static_cast<int>(call.data.args[0]));
}

}  // namespace memcage::overseer

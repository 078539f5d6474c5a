#include "launcher/end_cgroups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <iterator>

#include "sys/raw_call.h"
#include "sys/syscall_numbers.h"

namespace memcage::launcher {
namespace {

using guardian::Kind;
using sys::Call;

/** For stopping what forks; what is faster than that is met again by the next attempt. */
constexpr int64_t kStoppingMs = 1000;

constexpr size_t kBatch = 128;

class Fd {
 public:
  explicit Fd(long fd) : fd_(static_cast<int>(fd)) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Reset(-1); }
  void Reset(long fd) {
    if (fd_ >= 0) close(fd_);
    fd_ = static_cast<int>(fd);
  }
  /** Or a negative errno. */
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

int64_t NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

bool IsGone(long error) { return error == -ENOENT || error == -ENODEV; }

/** Who ran in a cgroup may have taken permissions away, which stops everyone but root. */
void RegainAccess(int dir_fd, const char* name, mode_t mode) {
  struct stat status{};
  if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    fchmodat(dir_fd, name, (status.st_mode & 07777) | mode, 0);
  }
}

long OpenAt(int dir_fd, const char* name, int flags, mode_t mode_needed) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  const long fd = Call(SYS_openat, dir_fd, name, flags, 0);
  if (fd != -EACCES) return fd;
  RegainAccess(dir_fd, name, mode_needed);
  return Call(SYS_openat, dir_fd, name, flags, 0);
}

long OpenDirectory(int dir_fd, const char* name) {
  const long fd = OpenAt(dir_fd, name, O_RDONLY | O_DIRECTORY, 0700);
  // That it can be read does not say that it can be searched, and that its entries can be removed.
  struct stat status{};
  if (fd >= 0 && fstat(static_cast<int>(fd), &status) == 0 && (status.st_mode & 0700) != 0700) {
    fchmod(static_cast<int>(fd), (status.st_mode & 07777) | 0700);
  }
  return fd;
}

long Write(int dir_fd, const char* file, const char* text) {
  const Fd fd(OpenAt(dir_fd, file, O_WRONLY, 0600));
  return fd.valid() ? Call(SYS_write, fd.get(), text, strlen(text)) : fd.get();
}

/** The names of the directories below, one after the other. Those that come and go meanwhile may be missed. */
class Subdirectories {
 public:
  explicit Subdirectories(int dir_fd) { Begin(dir_fd, 0); }

  /** In a directory, with the one at a `position()` of it. */
  void Begin(int dir_fd, int64_t position) {
    dir_fd_ = dir_fd;
    next_ = lseek(dir_fd, position, SEEK_SET);
    size_ = at_ = 0;
  }

  /** Valid until the next call; nullptr: no more. */
  const char* Next() {
    for (;;) {
      if (at_ >= size_) {
        size_ = Call(SYS_getdents64, dir_fd_, buffer_, sizeof(buffer_));
        at_ = 0;
        if (size_ <= 0) return nullptr;
      }
      const Entry* entry = reinterpret_cast<const Entry*>(buffer_ + at_);
      at_ += entry->length;
      inode_ = entry->inode;
      position_ = next_;
      next_ = entry->next;
      if (entry->type != kDirectory || strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
      return entry->name;
    }
  }

  /** Of the last one. */
  [[nodiscard]] uint64_t inode() const { return inode_; }
  [[nodiscard]] int64_t position() const { return position_; }

 private:
  // linux_dirent64 of getdents64(2).
  struct Entry {
    uint64_t inode;
    /** The position of the one after it. */
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[1];
  };
  static constexpr uint8_t kDirectory = 4;

  int dir_fd_ = -1;
  uint64_t inode_ = 0;
  int64_t position_ = 0;
  int64_t next_ = 0;
  long at_ = 0;
  long size_ = 0;
  alignas(8) char buffer_[1024] = {};
};

/** On the way down: the directory that was entered, in the one above it. */
struct Level {
  uint64_t inode;
  int64_t position;
};

/** More than there can be memory cgroups (MEM_CGROUP_ID_MAX of mm/memcontrol.c). A page is there once it is written to.
 */
Level levels[65536];

/**
 * To the entry of a directory that was left; false: it is gone. A position of kernfs is the hash of a name, which
 * several names may have, of files as well, and a seek to one leads to any of these, or to the one before. So the entry
 * is looked for from before its position on, by its inode. Where it is gone, another one of that hash may be passed
 * over.
 */
bool GoBackTo(const Level& left, int dir_fd, Subdirectories* names, const char** name) {
  names->Begin(dir_fd, left.position - 1);
  for (*name = names->Next(); *name != nullptr && names->position() <= left.position; *name = names->Next()) {
    if (names->inode() == left.inode) return true;
  }
  if (*name != nullptr) names->Begin(dir_fd, names->position());
  return false;
}

/** Opens a directory that this process may go up from again. */
long OpenToEnter(int dir_fd, const char* name) {
  const long fd = OpenDirectory(dir_fd, name);
  if (fd < 0) return fd;
  const Fd above(Call(SYS_openat, static_cast<int>(fd), "..", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
  if (above.valid()) return fd;
  close(static_cast<int>(fd));
  return above.get();
}

/**
 * Calls `enter(fd)` for a directory and each below it, before those below that; and `leave(fd_above, name)` for each
 * but the first, after those. However deep they are it takes two fds, and no more of the stack: up it goes by "..".
 * Where it may not, and deeper than the deepest level, it does not enter.
 */
template <typename Enter, typename Leave>
void Walk(int dir_fd, const Enter& enter, const Leave& leave) {
  Fd at(Call(SYS_openat, dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!at.valid()) return;
  enter(at.get());
  Subdirectories names(at.get());
  for (size_t depth = 0;;) {
    const char* name = names.Next();
    if (name != nullptr) {
      const long below = depth < std::size(levels) ? OpenToEnter(at.get(), name) : -ELOOP;
      if (below < 0) {
        leave(at.get(), name);
        continue;
      }
      levels[depth++] = {names.inode(), names.position()};
      at.Reset(below);
      enter(at.get());
      names.Begin(at.get(), 0);
      continue;
    }
    if (depth == 0) return;
    at.Reset(Call(SYS_openat, at.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
    if (!at.valid()) return;
    if (GoBackTo(levels[--depth], at.get(), &names, &name)) leave(at.get(), name);
  }
}

/** The numbers of a cgroup.procs, one after the other. */
class Members {
 public:
  explicit Members(int dir_fd) : fd_(OpenAt(dir_fd, "cgroup.procs", O_RDONLY, 0400)) {}

  /** 0: no more, or it can't be read. */
  pid_t Next() {
    pid_t pid = 0;
    for (;;) {
      if (at_ >= size_) {
        size_ = fd_.valid() ? Call(SYS_read, fd_.get(), buffer_, sizeof(buffer_)) : 0;
        at_ = 0;
        if (size_ <= 0) return pid;
      }
      const char digit = buffer_[at_++];
      if (digit >= '0' && digit <= '9') {
        pid = pid * 10 + (digit - '0');
      } else if (pid != 0) {
        return pid;
      }
      // 0 stands for a process of another PID namespace, which can't be named from here.
    }
  }

 private:
  Fd fd_;
  long at_ = 0;
  long size_ = 0;
  char buffer_[1024] = {};
};

/** Processes that are held by pidfds, so that no stranger who is given the pid of one is signalled in its place. */
class Batch {
 public:
  [[nodiscard]] bool full() const { return count_ == kBatch; }

  void Add(pid_t pid) {
    const long fd = Call(SYS_pidfd_open, pid, 0);
    if (fd < 0) return;
    pids_[count_] = pid;
    pidfds_[count_] = static_cast<int>(fd);
    count_ += 1;
  }

  /** To those that are members now that they are held. */
  void Signal(int dir_fd, int signal) {
    if (count_ == 0) return;
    Members members(dir_fd);
    for (pid_t pid = members.Next(); pid != 0; pid = members.Next()) {
      for (size_t i = 0; i < count_; ++i) {
        if (pids_[i] == pid) Call(SYS_pidfd_send_signal, pidfds_[i], signal, nullptr, 0);
      }
    }
    for (size_t i = 0; i < count_; ++i) close(pidfds_[i]);
    count_ = 0;
  }

 private:
  size_t count_ = 0;
  pid_t pids_[kBatch] = {};
  int pidfds_[kBatch] = {};
};

/** To every process in a cgroup and below it; returns how many there were. */
size_t SignalAll(int dir_fd, int signal) {
  size_t count = 0;
  const auto signal_members = [&](int fd) {
    Batch batch;
    Members members(fd);
    for (pid_t pid = members.Next(); pid != 0; pid = members.Next()) {
      count += 1;
      batch.Add(pid);
      if (batch.full()) batch.Signal(fd, signal);
    }
    batch.Signal(fd, signal);
  };
  Walk(dir_fd, signal_members, [](int, const char*) {});
  return count;
}

/**
 * All are stopped before the first is killed: what dies makes room, below a limit on processes, for those that fork,
 * and frees memory that they wait for.
 */
void StopAndKill(int dir_fd) {
  const int64_t end = NowMs() + kStoppingMs;
  size_t before = 0;
  for (size_t count = SignalAll(dir_fd, SIGSTOP); count != before && NowMs() < end;
       count = SignalAll(dir_fd, SIGSTOP)) {
    before = count;
    // A fork that is under way when SIGSTOP is sent goes through.
    const timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
  }
  SignalAll(dir_fd, SIGKILL);
}

/** Each cgroup below may have been frozen on its own. */
void ThawAll(int dir_fd, const char* file, const char* thawed) {
  Walk(dir_fd, [&](int fd) { Write(fd, file, thawed); }, [](int, const char*) {});
}

/** Frozen processes can't fork; a v1 frozen one takes SIGKILL only once thawed. */
void KillFrozen(int dir_fd, const char* file, const char* frozen, const char* thawed) {
  Write(dir_fd, file, frozen);
  StopAndKill(dir_fd);
  ThawAll(dir_fd, file, thawed);
}

void KillAll(int dir_fd, Kind kind) {
  switch (kind) {
    case Kind::kUnified:
      // Linux 5.14. All that is below is killed, the frozen too, and what is forked meanwhile.
      if (Write(dir_fd, "cgroup.kill", "1") < 0) KillFrozen(dir_fd, "cgroup.freeze", "1", "0");
      break;
    case Kind::kFreezer:
      KillFrozen(dir_fd, "freezer.state", "FROZEN", "THAWED");
      break;
    case Kind::kMemory:
      StopAndKill(dir_fd);
      break;
    case Kind::kDetached:
    case Kind::kLeaf:
      break;
  }
}

/** Of the cgroups below. */
void RemoveEmpty(int dir_fd) {
  Walk(dir_fd, [](int) {}, [](int above, const char* name) { Call(SYS_unlinkat, above, name, AT_REMOVEDIR); });
}

/** What is below first, then the directory. */
bool RemoveOpen(int parent_fd, const char* name, const Fd& directory) {
  if (directory.valid()) RemoveEmpty(directory.get());
  const long removed = Call(SYS_unlinkat, parent_fd, name, AT_REMOVEDIR);
  return removed == 0 || IsGone(removed);
}

}  // namespace

bool EndTree(int parent_fd, const char* name, Kind kind) {
  const Fd directory(OpenDirectory(parent_fd, name));
  if (directory.valid()) KillAll(directory.get(), kind);
  return RemoveOpen(parent_fd, name, directory);
}

bool Exists(int parent_fd, const char* name) { return faccessat(parent_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

void FindByInode(int parent_fd, uint64_t inode, char* name, size_t size) {
  const Fd parent(Call(SYS_openat, parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!parent.valid()) return;
  Subdirectories names(parent.get());
  for (const char* other = names.Next(); other != nullptr; other = names.Next()) {
    if (names.inode() != inode || strlen(other) >= size) continue;
    memcpy(name, other, strlen(other) + 1);
    return;
  }
}

bool RemoveTree(int parent_fd, const char* name) {
  return RemoveOpen(parent_fd, name, Fd(OpenDirectory(parent_fd, name)));
}

bool GiveBack(int parent_fd, const char* name) {
  const Fd parent(Call(SYS_openat, parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!parent.valid() || !Exists(parent.get(), name)) return true;
  Subdirectories names(parent.get());
  for (const char* other = names.Next(); other != nullptr; other = names.Next()) {
    if (strcmp(other, name) != 0) return false;
  }
  {
    const Fd leaf(OpenDirectory(parent.get(), name));
    if (!leaf.valid()) return false;
    Members members(leaf.get());
    for (pid_t pid = members.Next(); pid != 0; pid = members.Next()) {
      if (pid != getpid()) return false;
    }
  }
  Write(parent.get(), "cgroup.subtree_control", "-memory");
  Write(parent.get(), "cgroup.procs", "0");
  return Call(SYS_unlinkat, parent.get(), name, AT_REMOVEDIR) == 0;
}

}  // namespace memcage::launcher

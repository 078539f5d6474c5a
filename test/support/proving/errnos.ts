import type { constants } from 'node:os';

/** A name of Node's table of errnos. */
export type Errno = keyof typeof constants.errno;

const OPEN: readonly Errno[] = [
  ...(['EACCES', 'EBUSY', 'EDQUOT', 'EEXIST', 'EFBIG', 'EINTR', 'EINVAL', 'EISDIR', 'ELOOP', 'EMFILE'] as const),
  ...(['ENAMETOOLONG', 'ENFILE', 'ENODEV', 'ENOENT', 'ENOMEM', 'ENOSPC', 'ENOTDIR', 'ENXIO', 'EOPNOTSUPP'] as const),
  ...(['EOVERFLOW', 'EPERM', 'EROFS', 'ETXTBSY', 'EWOULDBLOCK'] as const),
];
const EXEC: readonly Errno[] = [
  ...(['E2BIG', 'EACCES', 'EAGAIN', 'EINVAL', 'EIO', 'EISDIR', 'ELOOP', 'EMFILE', 'ENAMETOOLONG', 'ENFILE'] as const),
  ...(['ENOENT', 'ENOMEM', 'ENOTDIR', 'EPERM', 'ETXTBSY'] as const),
];
const CLONE: readonly Errno[] = ['EAGAIN', 'EINVAL', 'ENOMEM', 'ENOSPC', 'EPERM'];
const LOOK: readonly Errno[] = ['EACCES', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOMEM', 'ENOTDIR', 'EOVERFLOW'];
const SEND: readonly Errno[] = [
  ...(['EACCES', 'EAGAIN', 'EALREADY', 'ECONNRESET', 'EDESTADDRREQ', 'EINTR', 'EINVAL', 'EISCONN'] as const),
  ...(['EMSGSIZE', 'ENOBUFS', 'ENOMEM', 'ENOTCONN', 'ENOTSOCK', 'EOPNOTSUPP', 'EPIPE'] as const),
];
const RECEIVE: readonly Errno[] = ['EAGAIN', 'ECONNREFUSED', 'EINTR', 'EINVAL', 'ENOMEM', 'ENOTCONN', 'ENOTSOCK'];
const MOUNT: readonly Errno[] = [
  'EACCES',
  'EBUSY',
  'EINVAL',
  'ELOOP',
  'ENODEV',
  'ENOENT',
  'ENOMEM',
  'ENOTDIR',
  'EPERM',
];
const MAKE: readonly Errno[] = [
  ...(['EACCES', 'EAGAIN', 'EDQUOT', 'EEXIST', 'EINVAL', 'ELOOP', 'EMLINK', 'ENAMETOOLONG', 'ENODEV'] as const),
  ...(['ENOENT', 'ENOMEM', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS'] as const),
];
const REMOVE: readonly Errno[] = [
  ...(['EACCES', 'EBUSY', 'EINVAL', 'EIO', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOMEM', 'ENOTDIR'] as const),
  ...(['ENOTEMPTY', 'EPERM', 'EROFS'] as const),
];
const FDS: readonly Errno[] = ['EMFILE', 'ENFILE', 'ENOMEM'];

/**
 * With what each call that memcage makes may fail: what its page of section 2 of the manual lists, and what files of a cgroup
 * return besides (ENODEV of one that was removed, and the refusals of a value).
 */
export const ERRNOS: Readonly<Partial<Record<string, readonly Errno[]>>> = {
  access: [...LOOK, 'EIO', 'EPERM', 'EROFS', 'ETXTBSY'],
  capget: ['EINVAL', 'EPERM', 'ESRCH'],
  capset: ['EINVAL', 'EPERM', 'ESRCH'],
  chdir: ['EACCES', 'EIO', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOMEM', 'ENOTDIR'],
  clone: CLONE,
  clone3: [...CLONE, 'EACCES', 'EBUSY', 'EEXIST', 'ENOSYS', 'EOPNOTSUPP'],
  close_range: ['EINVAL', 'EMFILE', 'ENOMEM', 'ENOSYS'],
  dup2: ['EBUSY', 'EINTR', 'EMFILE'],
  dup3: ['EBUSY', 'EINTR', 'EINVAL', 'EMFILE'],
  epoll_create1: ['EINVAL', ...FDS],
  epoll_ctl: ['EEXIST', 'EINVAL', 'ELOOP', 'ENOENT', 'ENOMEM', 'ENOSPC', 'EPERM'],
  eventfd2: ['EINVAL', 'ENODEV', ...FDS],
  execve: EXEC,
  execveat: EXEC,
  faccessat2: [...LOOK, 'EINVAL', 'EIO', 'ENOSYS', 'EPERM', 'EROFS', 'ETXTBSY'],
  fchdir: ['EACCES', 'ENOTDIR'],
  fcntl: ['EACCES', 'EAGAIN', 'EBUSY', 'EINTR', 'EINVAL', 'EMFILE', 'ENOLCK', 'EPERM'],
  flock: ['EINTR', 'EINVAL', 'ENOLCK', 'EWOULDBLOCK'],
  fsconfig: [...MOUNT, 'EOPNOTSUPP', 'ENOSYS'],
  fsmount: [...MOUNT, 'EMFILE', 'ENFILE', 'ENOSPC', 'ENOSYS'],
  fsopen: ['EMFILE', 'ENFILE', 'EINVAL', 'ENODEV', 'ENOMEM', 'ENOSYS', 'EPERM'],
  fstat: ['ENOMEM', 'EOVERFLOW'],
  ftruncate: ['EFBIG', 'EINTR', 'EINVAL', 'EIO', 'EPERM', 'ETXTBSY'],
  getdents64: ['EINVAL', 'ENOENT', 'ENOTDIR'],
  getsockopt: ['EINVAL', 'ENOPROTOOPT', 'ENOTSOCK'],
  getpriority: ['EINVAL', 'ESRCH'],
  inotify_add_watch: ['EACCES', 'EEXIST', 'EINVAL', 'ENAMETOOLONG', 'ENOENT', 'ENOMEM', 'ENOSPC', 'ENOTDIR'],
  inotify_init1: ['EINVAL', ...FDS],
  ioctl: ['EINVAL', 'ENOTTY'],
  keyctl: ['EACCES', 'EDQUOT', 'EINTR', 'ENOMEM', 'ENOSYS', 'EPERM'],
  kill: ['EINVAL', 'EPERM', 'ESRCH'],
  lseek: ['EINVAL', 'ENXIO', 'EOVERFLOW', 'ESPIPE'],
  memfd_create: ['EACCES', 'EINVAL', ...FDS],
  mkdir: MAKE,
  mkdirat: MAKE,
  mknodat: ['EACCES', 'EDQUOT', 'EEXIST', 'EINVAL', 'ENOENT', 'ENOMEM', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS'],
  mount: [...MOUNT, 'EMFILE', 'ENAMETOOLONG', 'ENXIO', 'EROFS'],
  mount_setattr: [...MOUNT, 'ENOSYS', 'ENOSPC'],
  move_mount: [...MOUNT, 'ENOSYS'],
  nanosleep: ['EINTR', 'EINVAL'],
  newfstatat: LOOK,
  open_tree: [...MOUNT, 'EMFILE', 'ENFILE', 'ENAMETOOLONG', 'ENOSPC', 'ENOSYS'],
  openat: OPEN,
  openat2: [...OPEN, 'E2BIG', 'EAGAIN', 'ENOSYS', 'EXDEV'],
  pidfd_open: ['EINVAL', 'ENODEV', 'ENOSYS', 'ESRCH', ...FDS],
  pidfd_send_signal: ['EINVAL', 'ENOSYS', 'EPERM', 'ESRCH'],
  pipe2: ['EINVAL', ...FDS],
  pivot_root: ['EBUSY', 'EINVAL', 'ENOTDIR', 'EPERM'],
  poll: ['EINTR', 'EINVAL', 'ENOMEM'],
  ppoll: ['EINTR', 'EINVAL', 'ENOMEM'],
  prctl: ['EACCES', 'EINVAL', 'EPERM'],
  pread64: ['EAGAIN', 'EINTR', 'EINVAL', 'EIO', 'EISDIR', 'ENODEV', 'ENXIO', 'EOVERFLOW', 'ESPIPE'],
  prlimit64: ['EINVAL', 'EPERM', 'ESRCH'],
  pwrite64: ['EACCES', 'EBUSY', 'EINTR', 'EINVAL', 'EIO', 'ENODEV', 'ENOMEM', 'ENOSPC', 'EPERM', 'ESPIPE'],
  read: ['EAGAIN', 'EINTR', 'EINVAL', 'EIO', 'EISDIR', 'ENODEV'],
  readlink: ['EACCES', 'EINVAL', 'EIO', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOMEM', 'ENOTDIR'],
  readlinkat: ['EACCES', 'EINVAL', 'EIO', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOMEM', 'ENOTDIR'],
  recvfrom: RECEIVE,
  recvmsg: RECEIVE,
  renameat2: [...REMOVE, 'EDQUOT', 'EINVAL', 'EMLINK', 'ENOSPC', 'EXDEV'],
  rmdir: REMOVE,
  rt_sigaction: ['EINVAL'],
  rt_sigprocmask: ['EINVAL'],
  rt_sigtimedwait: ['EAGAIN', 'EINTR', 'EINVAL'],
  sched_getaffinity: ['EINVAL', 'ESRCH'],
  seccomp: ['EACCES', 'EBUSY', 'EINVAL', 'ENOMEM', 'EOPNOTSUPP', 'ESRCH'],
  sendfile: ['EAGAIN', 'EINVAL', 'EIO', 'ENOMEM', 'EOVERFLOW', 'ESPIPE'],
  sendmsg: SEND,
  sendto: SEND,
  setgid: ['EINVAL', 'EPERM'],
  setgroups: ['EINVAL', 'ENOMEM', 'EPERM'],
  sethostname: ['EINVAL', 'ENAMETOOLONG', 'EPERM'],
  setns: ['EINVAL', 'ENOMEM', 'EPERM', 'ESRCH'],
  setpriority: ['EACCES', 'EINVAL', 'EPERM', 'ESRCH'],
  setsid: ['EPERM'],
  setuid: ['EAGAIN', 'EINVAL', 'EPERM'],
  setsockopt: ['EDOM', 'EINVAL', 'ENOPROTOOPT', 'ENOTSOCK'],
  shutdown: ['EINVAL', 'ENOTCONN', 'ENOTSOCK'],
  signalfd4: ['EINVAL', 'ENODEV', ...FDS],
  socket: ['EACCES', 'EAFNOSUPPORT', 'EINVAL', 'ENOBUFS', 'EPROTONOSUPPORT', ...FDS],
  socketpair: ['EAFNOSUPPORT', 'EOPNOTSUPP', 'EPROTONOSUPPORT', 'EMFILE', 'ENFILE'],
  statfs: [...LOOK, 'EINTR', 'EIO', 'ENOSYS'],
  fstatfs: ['EINTR', 'EIO', 'ENOMEM', 'ENOSYS', 'EOVERFLOW'],
  statx: [...LOOK, 'EINVAL'],
  symlinkat: ['EACCES', 'EDQUOT', 'EEXIST', 'EIO', 'ELOOP', 'ENOENT', 'ENOMEM', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS'],
  timerfd_create: ['EINVAL', 'ENODEV', 'EPERM', ...FDS],
  timerfd_settime: ['ECANCELED', 'EINVAL'],
  umount2: ['EAGAIN', 'EBUSY', 'EINVAL', 'ENAMETOOLONG', 'ENOENT', 'ENOMEM', 'EPERM'],
  unlinkat: REMOVE,
  unshare: ['EINVAL', 'ENOMEM', 'ENOSPC', 'EPERM'],
  utimensat: ['EACCES', 'EINVAL', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS', 'ESRCH'],
  wait4: ['ECHILD', 'EINTR', 'EINVAL'],
  waitid: ['ECHILD', 'EINTR', 'EINVAL'],
  write: [
    ...([
      'EACCES',
      'EAGAIN',
      'EBUSY',
      'EDQUOT',
      'EFBIG',
      'EINTR',
      'EINVAL',
      'EIO',
      'ENODEV',
      'ENOENT',
      'ENOMEM',
    ] as const),
    ...(['ENOSPC', 'EOPNOTSUPP', 'EPERM', 'EPIPE', 'ESRCH'] as const),
  ],
};

/** What is never injected, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  EBADF: 'says that the caller has used a wrong number: nothing outside of memcage can bring that about',
  EFAULT: 'says the same of a pointer',
  ENOEXEC: 'has a shell read the program, as execvp(3) does: here that is no script',
  close:
    'Linux frees the fd before it reports an error. An injected failure does not, so it would be a leak of the instrument’s',
  umask: 'always succeeds',
};

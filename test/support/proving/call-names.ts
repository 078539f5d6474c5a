import type { Told } from './operate';
import type { Point } from './oversee';

/** Names that Node and memcage have for calls that have several in the kernel. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  clone: ['fork'],
  clone3: ['clone', 'pthread_create'],
  dup2: ['dup3'],
  epoll_ctl: ['epoll_ctl'],
  fcntl: ['fdopendir'],
  eventfd2: ['eventfd'],
  execveat: ['execve'],
  faccessat2: ['access', 'faccessat'],
  fstat: ['stat', 'statx', 'fdopendir'],
  getdents64: ['scandir', 'readdir', 'opendir', 'getdents'],
  // libuv's name.
  getpriority: ['uv_os_getpriority'],
  mkdirat: ['mkdir'],
  mknodat: ['mknod'],
  newfstatat: ['stat', 'lstat', 'fstatat'],
  openat: ['open'],
  openat2: ['open', 'openat'],
  pread64: ['read', 'pread'],
  pidfd_send_signal: ['kill'],
  ppoll: ['poll'],
  prlimit64: ['prlimit', 'setrlimit', 'getrlimit'],
  pwrite64: ['write', 'pwrite'],
  readlinkat: ['readlink', 'realpath'],
  recvfrom: ['recv'],
  rmdir: ['rmdir', 'unlinkat'],
  sendto: ['send'],
  statx: ['stat', 'lstat', 'fstat', 'realpath'],
  umount2: ['umount'],
  unlinkat: ['rmdir', 'unlink'],
  utimensat: ['utimes', 'futimes', 'utime'],
};

/** Whether an error names the call that has failed. */
export function namesCall({ syscall = '' }: Told, { role, call, subject }: Point): boolean {
  if (isNodes({ role, call, subject }) && /^spawn(Sync)?( |$)/.test(syscall)) return true;
  // As the result of spawnSync() has it for all that fails while it waits, and reads what the child writes.
  const isWait = call === 'ppoll' || (call === 'read' && subject.startsWith('socket:'));
  if (isWait && syscall.startsWith('spawnSync ')) return true;
  return syscall === call || OTHER_NAMES[call]?.includes(syscall) === true;
}

/** Whether Node says no more than that the child could not be spawned. */
function isNodes({ role, call, subject }: Pick<Point, 'role' | 'call' | 'subject'>): boolean {
  // All between fork and exec.
  if (role === 'child' || role === 'launcher' || role === 'init') return true;
  if (role === 'parent' && call === 'clone') return true;
  // What exec would say, too.
  if (subject === '/bin/sh' && (call === 'access' || OTHER_NAMES[call]?.includes('stat') === true)) return true;
  return call === 'socketpair' || call === 'pipe2' || (call === 'ioctl' && subject.startsWith('socket:'));
}

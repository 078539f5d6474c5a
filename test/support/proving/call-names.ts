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
  fstat: ['stat', 'statx'],
  getdents64: ['scandir', 'readdir', 'opendir', 'getdents'],
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
  // As Node has it for all that fails between fork and exec, and for the pipes.
  const isPipe = call === 'socketpair' || call === 'pipe2' || (call === 'ioctl' && subject.startsWith('socket:'));
  const isNodes = role === 'child' || role === 'launcher' || role === 'init' || isPipe;
  if (isNodes && /^spawn(Sync)?( |$)/.test(syscall)) return true;
  return syscall === call || OTHER_NAMES[call]?.includes(syscall) === true;
}

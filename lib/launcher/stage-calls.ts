import type { CloneFailure, Stage } from '../../types/native';

/** The system call of a failure, where the addon or the stage says which it was. */
export function stageCall({ stage, syscall }: Pick<CloneFailure, 'stage' | 'syscall'>): string | undefined {
  return syscall ?? SYSCALLS[stage];
}

const SYSCALLS: Readonly<Partial<Record<Stage, string>>> = {
  clone: 'clone3',
  signals: 'rt_sigaction',
  session: 'setsid',
  cgroup: 'write',
  'cgroup-namespace': 'unshare',
  unshare: 'unshare',
  'id-maps': 'write',
  hostname: 'sethostname',
  mounts: 'mount',
  proc: 'mount',
  loopback: 'ioctl',
  stdio: 'dup3',
  cwd: 'chdir',
  groups: 'setgroups',
  gid: 'setgid',
  uid: 'setuid',
  'parent-death': 'prctl',
  'close-fds': 'close_range',
  init: 'fork',
  exec: 'execve',
};

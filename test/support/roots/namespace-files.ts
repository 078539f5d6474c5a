/** The kinds of namespaces, and the kernel's names for them in /proc/<pid>/ns and /proc/sys/user/max_*_namespaces. */
export const NAMESPACE_FILES = {
  uts: 'uts',
  mount: 'mnt',
  pid: 'pid',
  ipc: 'ipc',
  net: 'net',
  cgroup: 'cgroup',
  time: 'time',
  user: 'user',
} as const;

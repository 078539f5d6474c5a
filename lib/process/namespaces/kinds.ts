import type { NativeBinding } from '../../../types/native';
import type { NamespaceOptions } from '../../../types/options';

export type NamespaceKind = keyof NamespaceOptions;

/** Every kind of namespace: its clone flag, and its name in `/proc/sys/user`. */
export const NAMESPACES: Readonly<Record<NamespaceKind, { flag: keyof NativeBinding['constants']; name: string }>> = {
  uts: { flag: 'CLONE_NEWUTS', name: 'uts' },
  mount: { flag: 'CLONE_NEWNS', name: 'mnt' },
  pid: { flag: 'CLONE_NEWPID', name: 'pid' },
  ipc: { flag: 'CLONE_NEWIPC', name: 'ipc' },
  net: { flag: 'CLONE_NEWNET', name: 'net' },
  cgroup: { flag: 'CLONE_NEWCGROUP', name: 'cgroup' },
  time: { flag: 'CLONE_NEWTIME', name: 'time' },
  user: { flag: 'CLONE_NEWUSER', name: 'user' },
};

export const NAMESPACE_KINDS = Object.keys(NAMESPACES) as readonly NamespaceKind[];

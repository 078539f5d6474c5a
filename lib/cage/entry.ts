import type { CgroupDirectory } from '../cgroup/directory';
import type { CgroupVersion } from '../cgroup/formats';
import type { Guard } from '../cgroup/kill';

/** What a child needs to be born in a group; `close` gives the fds back once it is. */
export interface Entry {
  readonly intoCgroupFd?: number;
  readonly joinFds: readonly number[];
  readonly thawFd?: number;
  close(): void;
}

export interface EntryPlace {
  version: CgroupVersion;
  memory: CgroupDirectory;
  guard: Guard | undefined;
}

/** @param cloneInto false: CLONE_INTO_CGROUP can't be used, so the child joins by itself */
export function openEntry({ version, memory, guard }: EntryPlace, { cloneInto }: { cloneInto: boolean }): Entry {
  const { native } = memory;
  const fds: number[] = [];
  const open = (directory: CgroupDirectory, file: string, access: 'write' | 'read-write' | 'path'): number => {
    const fd = directory.open(file, access);
    fds.push(fd);
    return fd;
  };
  const close = (): void => {
    for (const fd of fds.splice(0)) native.closeFd({ fd });
  };
  const unified = version === 2 ? memory : guard?.kind === 'unified' ? guard.directory : undefined;
  try {
    const joinFds: number[] = [];
    // Not cgroup.procs: a write to that waits for an RCU grace period, up to 20 ms.
    if (version === 1) joinFds.push(open(memory, 'tasks', 'write'));
    if (unified !== undefined && !cloneInto) joinFds.push(open(unified, 'cgroup.procs', 'write'));
    if (guard?.kind === 'freezer') joinFds.push(open(guard.directory, 'tasks', 'write'));
    return {
      joinFds,
      ...(unified !== undefined && cloneInto && { intoCgroupFd: open(unified, '', 'path') }),
      ...(guard?.kind === 'freezer' && { thawFd: open(guard.directory, 'freezer.state', 'read-write') }),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

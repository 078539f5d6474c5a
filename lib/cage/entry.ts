import type { CgroupDirectory } from '../cgroup/directory';
import type { CgroupVersion } from '../cgroup/formats';
import type { Guard } from '../cgroup/kill';

/** What a child needs to be born in a group. */
export interface Entry {
  readonly fds: {
    readonly intoCgroupFd?: number;
    readonly joinFds: readonly number[];
    readonly thawFd?: number;
  };
  /** Gives the fds back, unless they are {@link spent}. */
  close(): void;
  /** The addon has closed them. */
  spent(): void;
}

export interface EntryPlace {
  version: CgroupVersion;
  memory: CgroupDirectory;
  guard: Guard | undefined;
}

/** The files that a process which joins by itself writes to. */
function joinFiles({ version, memory, guard }: EntryPlace): (readonly [directory: CgroupDirectory, file: string])[] {
  const unified = unifiedOf({ version, memory, guard });
  return [
    // Not cgroup.procs: a write to that waits for an RCU grace period, up to 20 ms.
    ...(version === 1 ? [[memory, 'tasks'] as const] : []),
    ...(unified === undefined ? [] : [[unified, 'cgroup.procs'] as const]),
    ...(guard?.kind === 'freezer' ? [[guard.directory, 'tasks'] as const] : []),
  ];
}

function unifiedOf({ version, memory, guard }: EntryPlace): CgroupDirectory | undefined {
  return version === 2 ? memory : guard?.kind === 'unified' ? guard.directory : undefined;
}

export function joinPaths(place: EntryPlace): string[] {
  return joinFiles(place).map(([directory, file]) => `${directory.path}/${file}`);
}

/** @param cloneInto false: CLONE_INTO_CGROUP can't be used, so the child joins by itself */
export function openEntry(place: EntryPlace, { cloneInto }: { cloneInto: boolean }): Entry {
  const { memory, guard } = place;
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
  const unified = unifiedOf(place);
  try {
    const joinFds = joinFiles(place)
      .filter(([directory]) => !cloneInto || directory !== unified)
      .map(([directory, file]) => open(directory, file, 'write'));
    return {
      fds: {
        joinFds,
        ...(unified !== undefined && cloneInto && { intoCgroupFd: open(unified, '', 'path') }),
        ...(guard?.kind === 'freezer' && { thawFd: open(guard.directory, 'freezer.state', 'read-write') }),
      },
      close,
      spent: () => void fds.splice(0),
    };
  } catch (error) {
    close();
    throw error;
  }
}

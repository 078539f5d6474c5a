import type { CgroupDirectory } from '../cgroup/directory/directory';
import type { CgroupVersion } from '../cgroup/files/formats';
import type { KillCgroup } from '../cgroup/processes/kill-cgroup';

/** The fds by which a child joins a cage cgroup, at its birth or by itself. */
export interface JoinFds {
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

export interface JoinedCgroup {
  version: CgroupVersion;
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
}

/** The files that a process which joins by itself writes to. */
function joinFiles({
  version,
  memory,
  killCgroup,
}: JoinedCgroup): (readonly [directory: CgroupDirectory, file: string])[] {
  const unified = unifiedOf({ version, memory, killCgroup });
  return [
    // Not cgroup.procs: a write to that waits for an RCU grace period, up to 20 ms.
    ...(version === 1 ? [[memory, 'tasks'] as const] : []),
    ...(unified === undefined ? [] : [[unified, 'cgroup.procs'] as const]),
    ...(killCgroup?.kind === 'freezer' ? [[killCgroup.directory, 'tasks'] as const] : []),
  ];
}

function unifiedOf({ version, memory, killCgroup }: JoinedCgroup): CgroupDirectory | undefined {
  return version === 2 ? memory : killCgroup?.kind === 'unified' ? killCgroup.directory : undefined;
}

export function joinPaths(cgroup: JoinedCgroup): string[] {
  return joinFiles(cgroup).map(([directory, file]) => `${directory.path}/${file}`);
}

/** @param cloneInto false: CLONE_INTO_CGROUP can't be used, so the child joins by itself */
export function openJoinFds(cgroup: JoinedCgroup, { cloneInto }: { cloneInto: boolean }): JoinFds {
  const { memory, killCgroup } = cgroup;
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
  const unified = unifiedOf(cgroup);
  try {
    const joinFds = joinFiles(cgroup)
      .filter(([directory]) => !cloneInto || directory !== unified)
      .map(([directory, file]) => open(directory, file, 'write'));
    return {
      fds: {
        joinFds,
        ...(unified !== undefined && cloneInto && { intoCgroupFd: open(unified, '', 'path') }),
        ...(killCgroup?.kind === 'freezer' && { thawFd: open(killCgroup.directory, 'freezer.state', 'read-write') }),
      },
      close,
      spent: () => void fds.splice(0),
    };
  } catch (error) {
    close();
    throw error;
  }
}

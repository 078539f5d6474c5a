import type { CgroupDirectory } from '../../cgroup/directory/directory';
import type { CgroupVersion } from '../../cgroup/files/formats';
import { type KillCgroup, killCgroupOf } from '../../cgroup/processes/kill-cgroup';
import type { ControllerHomes } from './controller-homes';

/** The fds through which a child joins a cage cgroup, at its birth or by a write. */
export interface JoinFds {
  readonly fds: {
    readonly intoCgroupFd?: number;
    readonly joinFds: readonly number[];
    readonly thawFd?: number;
    readonly pidsFd?: number;
  };
  /** Closes those that are for one child alone. */
  close(): void;
}

export interface JoinedCgroup {
  version: CgroupVersion;
  memory: CgroupDirectory;
  killCgroup: KillCgroup | undefined;
  homes: Pick<ControllerHomes, 'sides'>;
  /** Where others are too: who joins by a write has to look whether its limit of processes holds. */
  pidsToCheck: CgroupDirectory | undefined;
}

type JoinFile = readonly [directory: CgroupDirectory, file: string];

/** The files to which a process writes to join. */
function joinFiles({ version, memory, killCgroup, homes }: JoinedCgroup): readonly JoinFile[] {
  const kill = killCgroupOf(version, memory, killCgroup);
  // Use cgroup.procs only where no file takes one thread: a write to it waits for an RCU grace period, up to 20 ms.
  const files: JoinFile[] = kill?.directory === memory ? [] : [[memory, 'tasks']];
  if (kill !== undefined) files.push([kill.directory, kill.kind === 'unified' ? 'cgroup.procs' : 'tasks']);
  for (const { directory } of homes.sides) files.push([directory, 'tasks']);
  return files;
}

export function joinPaths(cgroup: JoinedCgroup): string[] {
  return joinFiles(cgroup).map(([directory, file]) => `${directory.path}/${file}`);
}

/** @param cloneInto false: CLONE_INTO_CGROUP can't be used, so the child joins by a write */
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
  const kill = killCgroupOf(cgroup.version, memory, killCgroup);
  const { pidsToCheck } = cgroup;
  const unified = kill?.kind === 'unified' ? kill.directory : undefined;
  try {
    const joinFds = joinFiles(cgroup)
      .filter(([directory]) => !cloneInto || directory !== unified)
      .map(([directory, file]) => directory.stayingFd(file, 'write') ?? open(directory, file, 'write'));
    return {
      fds: {
        joinFds,
        ...(unified !== undefined && cloneInto && { intoCgroupFd: open(unified, '', 'path') }),
        // Where the clone itself enters it, the kernel checks the limit.
        ...(pidsToCheck !== undefined &&
          !(cloneInto && cgroup.version === 2) && { pidsFd: open(pidsToCheck, '', 'path') }),
        ...(killCgroup?.kind === 'freezer' && { thawFd: open(killCgroup.directory, 'freezer.state', 'read-write') }),
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

import { type CgroupDirectory, withAccess } from '../directory/directory';
import { cgroupError, unlessGone } from '../directory/refusal';
import { listPids } from './pids';

/**
 * Where the kernel can freeze or kill the processes of a memory cgroup all at once. On v2 that is the cgroup itself.
 * v1's memory hierarchy can do neither, so there it is a cgroup with the same processes in another hierarchy.
 */
export interface KillCgroup {
  kind: 'unified' | 'freezer';
  directory: CgroupDirectory;
}

/** The kill cgroup of a memory cgroup; undefined on v1 if it has none. */
export function killCgroupOf(
  version: 1 | 2,
  memory: CgroupDirectory,
  own: KillCgroup | undefined,
): KillCgroup | undefined {
  return version === 2 ? { kind: 'unified', directory: memory } : own;
}

/** The kill cgroup of a memory cgroup below, by its name. */
export function killCgroupBelow(killCgroup: KillCgroup | undefined, name: string): KillCgroup | undefined {
  return killCgroup && { kind: killCgroup.kind, directory: killCgroup.directory.below(name) };
}

/**
 * Sends SIGKILL to every process in a cgroup and those below it. With `cgroup.kill` (Linux 5.14) or a freezer, none can
 * escape by forking. Without either, or where their files are refused, this stops the processes, then kills them; repeat
 * it until the cgroup is empty.
 */
export function killAll(memory: CgroupDirectory, killCgroup?: KillCgroup): void {
  if (killCgroup === undefined || killCgroup.directory === memory) {
    withAccess(memory, () => killIn(memory));
    return;
  }
  // memcage removes the kill cgroup before the memory cgroup. Someone else may remove either.
  const dying = unlessGone(() =>
    withAccess(killCgroup.directory, () => {
      killIn(killCgroup.directory);
      return listPids(killCgroup.directory, 'cgroup.procs');
    }),
  );
  // Processes that someone put only into the memory cgroup are not in the kill cgroup. Spare the others, which are
  // dying already: stopping them too would mean looking again at each cgroup below, and a payload may have made
  // thousands.
  unlessGone(() => withAccess(memory, () => killIn(memory, dying)));
}

/** @param spare processes that need not be killed */
function killIn(directory: CgroupDirectory, spare: readonly number[] = []): void {
  try {
    directory.native.killAll({ dirFd: directory.anchor, path: directory.relative, spare });
  } catch (error) {
    throw cgroupError(error, 'kill the processes of', directory.path);
  }
}

import type { CgroupDirectory } from '../directory/directory';

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

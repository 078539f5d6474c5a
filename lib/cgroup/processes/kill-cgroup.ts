import type { CgroupDirectory } from '../directory/directory';

/**
 * Where the processes of a memory cgroup can be frozen and killed all at once: on v2 that cgroup itself, on v1, whose memory
 * hierarchy can do neither, a cgroup of the same processes in another hierarchy.
 */
export interface KillCgroup {
  kind: 'unified' | 'freezer';
  directory: CgroupDirectory;
}

/** Of a memory cgroup; undefined on v1 without one of its own: nowhere. */
export function killCgroupOf(
  version: 1 | 2,
  memory: CgroupDirectory,
  own: KillCgroup | undefined,
): KillCgroup | undefined {
  return version === 2 ? { kind: 'unified', directory: memory } : own;
}

/** Of a memory cgroup below, by its name. */
export function killCgroupBelow(killCgroup: KillCgroup | undefined, name: string): KillCgroup | undefined {
  return killCgroup && { kind: killCgroup.kind, directory: killCgroup.directory.below(name) };
}

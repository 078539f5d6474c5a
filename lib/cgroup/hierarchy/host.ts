import { readFileSync } from 'node:fs';
import { loadNative } from '../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CgroupDirectory } from '../directory/directory';
import type { CgroupVersion } from '../files/formats';
import { parseMounts } from '../names/mount-info';
import { findMember } from './find-member';
import { findHierarchies, type Hierarchies, type Hierarchy, type Location, locateProcess } from './mounts';
import { mountPointOf } from './resolve-path';

/** The cgroup hierarchies of this machine that memcage uses. */
export interface Host {
  version: CgroupVersion;
  memory: Hierarchy;
  /** Further mounts of the memory hierarchy, which show what `memory` doesn't. */
  memoryElsewhere: readonly Hierarchy[];
  unified: Hierarchy | null;
  freezer: Hierarchy | null;
  /** See {@link Hierarchies}. */
  controllers: Hierarchies['controllers'];
}

let cached: Host | undefined;

/** Throws ERR_MEMCAGE_UNSUPPORTED if there is no memory controller. */
export function host(): Host {
  cached ??= detect();
  return cached;
}

/** {@link host} that remembers nothing: mounts may change before the first cage. */
export function foreseenHost(): Host {
  return cached ?? detect();
}

function detect(): Host {
  // Load the addon first: its error names the platform.
  loadNative();
  const hierarchies = findHierarchies(readText('/proc/self/mountinfo'), (mountPoint) =>
    readText(`${mountPoint}/cgroup.controllers`),
  );
  const { memory } = hierarchies;
  if (memory === null) {
    throw new MemcageError(ErrorCode.UNSUPPORTED, missingMemory(hierarchies, readText('/proc/self/cgroup')));
  }
  return { ...hierarchies, memory, version: memory.version };
}

/** The mount point of the memory hierarchy that shows a cgroup. */
export function mountPointAbove(path: string): string {
  return mountPointOf(path, host()) ?? host().memory.mountPoint;
}

/** The directory of a process's cgroup in a hierarchy. Throws ERR_MEMCAGE_NO_PARENT if it can't be seen from here. */
export function processDirectory(hierarchy: Hierarchy, pid: number | 'self'): string {
  const found = findProcess(hierarchy, pid, readProcCgroup(pid));
  if (typeof found === 'string') return found;
  const refusal = notVisible(hierarchy, pid, found);
  const candidates = [{ source: 'own', path: null, refusal, cure: null }] as const;
  throw new MemcageError(ErrorCode.NO_PARENT, refusal, { path: hierarchy.mountPoint, candidates });
}

/** Path of this process's own cgroup; undefined if no mount shows it. */
export function ownPath(memory: Host['memory']): string | undefined {
  try {
    return processDirectory(memory, 'self');
  } catch (error) {
    if (error instanceof MemcageError && error.code === ErrorCode.NO_PARENT) return undefined;
    throw error;
  }
}

/** The directory of a process's memory cgroup, below any mount. Throws ERR_MEMCAGE_NOT_VISIBLE if no mount shows it. */
export function visibleDirectory({ memory, memoryElsewhere }: Host, pid: number | 'self'): string {
  const procCgroup = readProcCgroup(pid);
  const first = findProcess(memory, pid, procCgroup);
  if (typeof first === 'string') return first;
  for (const hierarchy of memoryElsewhere) {
    const found = findProcess(hierarchy, pid, procCgroup);
    if (typeof found === 'string') return found;
  }
  const code = isRemoved(first) ? ErrorCode.NO_CGROUP : ErrorCode.NOT_VISIBLE;
  throw new MemcageError(code, notVisible(memory, pid, first), { path: memory.mountPoint });
}

/** The directory of a process's cgroup, or why that is unknown. */
function findProcess(hierarchy: Hierarchy, pid: number | 'self', procCgroup: string): string | Location {
  const location = locateProcess(hierarchy, procCgroup);
  if ('hidden' in location) return location;
  if ('unnamedLevels' in location)
    return findMember(hierarchy, location, pid === 'self' ? process.pid : pid) ?? location;
  return location.path === '/' ? hierarchy.mountPoint : `${hierarchy.mountPoint}${location.path}`;
}

function isRemoved(location: Location): boolean {
  return 'hidden' in location && location.hidden === 'removed';
}

function notVisible({ mountPoint, controller }: Hierarchy, pid: number | 'self', location: Location): string {
  const whose = pid === 'self' ? 'The cgroup of this process' : `The cgroup of process ${pid}`;
  if (!('hidden' in location))
    return `${whose} is somewhere below ${mountPoint}, but in none that lists it as a member`;
  switch (location.hidden) {
    case 'namespace':
      return (
        `${whose} is outside of the cgroup namespace of this process, and ${mountPoint} shows no more than that: ` +
        'mount the cgroup file system of the host here, or ask from there'
      );
    case 'mount':
      return `${whose} is outside of what is mounted at ${mountPoint}: mount more of the cgroup file system here`;
    case 'removed':
      return `${whose} was removed`;
    case 'unlisted':
      return `${whose} is not told by the kernel: it lists no ${controller || 'unified'} hierarchy`;
  }
}

function readProcCgroup(pid: number | 'self'): string {
  try {
    return readText(`/proc/${pid}/cgroup`);
  } catch (cause) {
    const { code, errno, syscall } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw cause;
    throw new MemcageError(ErrorCode.NO_CGROUP, `There is no process ${pid}`, { errno, syscall, cause });
  }
}

/** Opens a directory by its absolute path. The caller closes it. */
export function openDirectory(path: string): CgroupDirectory {
  const native = loadNative();
  return CgroupDirectory.anchoredAt(native, native.openDirectory({ path }), path);
}

/** Opens a directory for a while. */
export function inDirectory<T>(path: string, use: (directory: CgroupDirectory) => T): T {
  const directory = openDirectory(path);
  try {
    return use(directory);
  } finally {
    directory.close();
  }
}

/** Whether `memory.events` of v2 leaves out the cgroups below (memory_localevents). A remount may change that. */
export function areEventsLocal(): boolean {
  const mounts = parseMounts(readText('/proc/self/mountinfo'));
  return mounts.some(({ fsType, superOptions }) => fsType === 'cgroup2' && superOptions.includes('memory_localevents'));
}

/** Whether the machine has swap. */
export function swapOn(): boolean {
  // A header, then one line for each swap device.
  return readText('/proc/swaps').trimEnd().split('\n').length > 1;
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/**
 * Explains why no memory controller is visible, and what helps.
 *
 * @param procCgroup the text of `/proc/self/cgroup`, which lists hierarchies whether or not they are mounted
 */
export function missingMemory({ unified }: Pick<Hierarchies, 'unified'>, procCgroup: string): string {
  const start = 'There is no memory controller to be seen:';
  const lines = procCgroup.split('\n').map((line) => line.split(':'));
  if (lines.some(([, controllers]) => controllers?.split(',').includes('memory'))) {
    return (
      `${start} it is on cgroup v1, which is not mounted here; in a container, mount /sys/fs/cgroup of the host, else ` +
      'run mount -t cgroup -o memory cgroup /sys/fs/cgroup/memory'
    );
  }
  if (unified === null) {
    return (
      `${start} no cgroup file system is mounted here; run the container with /sys/fs/cgroup, or run ` +
      'mount -t cgroup2 cgroup2 /sys/fs/cgroup'
    );
  }
  return (
    `${start} ${unified.mountPoint} does not have it in cgroup.controllers; it may be disabled at boot ` +
    '(cgroup_disable=memory), or not be enabled in cgroup.subtree_control of a cgroup above'
  );
}

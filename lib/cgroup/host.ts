import { readFileSync } from 'node:fs';
import { ErrorCode, MemcageError } from '../errors';
import { loadNative } from '../native';
import { CgroupDirectory } from './directory';
import type { CgroupVersion } from './formats';
import { cgroupPath, findHierarchies, type Hierarchies, type Hierarchy } from './mounts';

/** The cgroup hierarchies of this machine, as far as memcage uses them. */
export interface Host {
  version: CgroupVersion;
  memory: Hierarchy;
  unified: Hierarchy | null;
  freezer: Hierarchy | null;
}

let cached: Host | undefined;

/** Throws ERR_MEMCAGE_UNSUPPORTED where there is no memory controller. */
export function host(): Host {
  cached ??= detect();
  return cached;
}

function detect(): Host {
  // The addon first: its error says what platform this is.
  loadNative();
  const hierarchies = findHierarchies(readText('/proc/self/mountinfo'), (mountPoint) =>
    readText(`${mountPoint}/cgroup.controllers`),
  );
  const { memory } = hierarchies;
  if (memory === null) throw new MemcageError(ErrorCode.UNSUPPORTED, missingMemory(hierarchies));
  return { ...hierarchies, memory, version: memory.version };
}

function missingMemory({ unified }: Hierarchies): string {
  const cause = unified === null ? 'no cgroup hierarchy is mounted' : 'the memory controller is not available';
  return (
    `There is no memory controller to be seen (${cause}): it may be disabled at boot (cgroup_disable=memory), ` +
    'or /sys/fs/cgroup is not mounted here'
  );
}

/** The directory of a process's cgroup in a hierarchy; throws ERR_MEMCAGE_NO_PARENT when it can't be seen from here. */
export function processDirectory(hierarchy: Hierarchy, pid: number | 'self'): string {
  const path = cgroupPath(hierarchy, readProcCgroup(pid));
  if (path === null) {
    throw new MemcageError(
      ErrorCode.NO_PARENT,
      `The cgroup of process ${pid} is outside of what is mounted at ${hierarchy.mountPoint}`,
      { path: hierarchy.mountPoint },
    );
  }
  return path === '/' ? hierarchy.mountPoint : `${hierarchy.mountPoint}${path}`;
}

function readProcCgroup(pid: number | 'self'): string {
  try {
    return readText(`/proc/${pid}/cgroup`);
  } catch (cause) {
    const { code, errno, syscall } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw cause;
    throw new MemcageError(ErrorCode.CGROUP_GONE, `There is no process ${pid}`, { errno, syscall, cause });
  }
}

/** A directory given by its absolute path; the caller closes `anchor`. */
export function openDirectory(path: string): CgroupDirectory {
  const native = loadNative();
  return new CgroupDirectory(native, native.openDirectory({ path }), '', path);
}

/** Whether the machine has swap. */
export function swapOn(): boolean {
  // A header, then a line for each.
  return readText('/proc/swaps').trimEnd().split('\n').length > 1;
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

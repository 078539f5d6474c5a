import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readProcFile } from '../../common/machine/proc';
import type { CgroupDirectory } from '../directory/directory';
import { isPassedOver } from '../directory/walk';
import { isFullId, parseCgroupName } from '../names/cgroup-name';
import { type Mount, parseMounts } from '../names/mount-info';
import { listPids } from '../processes/pids';

/**
 * Finds the names that engines give their containers (`docker run --name`), which a cgroup's path does not contain.
 * No engine is asked. The container's first process tells:
 *
 * - Docker mounts the container's /etc/hostname, /etc/hosts and /etc/resolv.conf from the directory with the
 *   container's configuration, wherever its data is. Docker reads the name from there itself when it restarts.
 * - Podman has a conmon for each container, the parent of that process, with the id and the name in its arguments:
 *   conmon(8).
 *
 * containerd and CRI-O have a private database, and their names are those of Kubernetes, which repeat in many pods.
 */

/** The kinds that can have such a name, and containers whose path does not say whose they are. */
const NAMED = new Set(['docker', 'podman', 'unknown']);
/** A name that both engines accept. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const DOCKER_MOUNT = /^(.*\/containers)\/[0-9a-f]{64}\/(?:hostname|hosts|resolv\.conf)$/;

/** Whether it can be such a name. */
export function isContainerName(wanted: string): boolean {
  return NAME.test(wanted) && !isFullId(wanted);
}

/**
 * The name of the container that a cgroup belongs to. Undefined if it is not a container's, or the container has
 * ended, or its engine does not tell.
 */
export function containerNameOf(directory: CgroupDirectory): string | undefined {
  const container = parseCgroupName(directory.path);
  if (container === undefined || !NAMED.has(container.kind) || !isFullId(container.id)) return undefined;
  const members = membersOf(directory);
  for (const pid of members) {
    const parent = parentOf(pid);
    // A process inside the container proves nothing: it could call itself conmon, and mount what it likes.
    if (parent === undefined || members.has(parent)) continue;
    const name = conmonName(container.id, readProcFile(parent, 'cmdline') ?? '') ?? dockerName(container.id, pid);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Reads `conmon -c ID -n NAME ...`; undefined for another program, or another container. */
export function conmonName(id: string, cmdline: string): string | undefined {
  const [program = '', ...args] = cmdline.split('\0');
  if (basename(program) !== 'conmon') return undefined;
  const option = (short: string, long: string) => {
    const index = args.findIndex((arg) => arg === short || arg === long);
    return index < 0 ? undefined : args[index + 1];
  };
  return option('-c', '--cid') === id ? option('-n', '--name') : undefined;
}

/**
 * The directories in which Docker may keep a container's configuration.
 *
 * @param container the mounts of the container
 * @param own the mounts here
 */
export function dockerDirectories(id: string, container: readonly Mount[], own: readonly Mount[]): string[] {
  const found = container.flatMap(({ device, root }) => {
    // With `--network container:OTHER` these are the other container's files, and this container's directory is next
    // to theirs.
    const [, containers] = DOCKER_MOUNT.exec(root) ?? [];
    return containers === undefined ? [] : pathsOf({ device, path: join(containers, id) }, own);
  });
  return [...new Set(found)];
}

/** The paths here that lead to a path in a file system. */
function pathsOf({ device, path }: { device: string; path: string }, mounts: readonly Mount[]): string[] {
  return mounts
    .filter((mount) => mount.device === device && path.startsWith(mount.root === '/' ? '/' : `${mount.root}/`))
    .map(({ root, mountPoint }) => join(mountPoint, root === '/' ? path : path.slice(root.length)));
}

function dockerName(id: string, pid: number): string | undefined {
  const container = readProcFile(pid, 'mountinfo');
  const own = readProcFile(process.pid, 'mountinfo');
  if (container === undefined || own === undefined) return undefined;
  for (const directory of dockerDirectories(id, parseMounts(container), parseMounts(own))) {
    const name = configuredName(id, join(directory, 'config.v2.json'));
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Docker puts a slash before the name. */
function configuredName(id: string, file: string): string | undefined {
  try {
    const { ID, Name } = JSON.parse(readFileSync(file, 'utf8')) as { ID?: unknown; Name?: unknown };
    return ID === id && typeof Name === 'string' ? Name.replace(/^\//, '') : undefined;
  } catch {
    // The file is missing, not readable, or has another form in some version of Docker: then the name is unknown.
    return undefined;
  }
}

function membersOf(directory: CgroupDirectory): Set<number> {
  try {
    return new Set(listPids(directory, 'cgroup.procs'));
  } catch (error) {
    if (isPassedOver(error)) return new Set();
    throw error;
  }
}

/** 0 if the parent is outside of this PID namespace; undefined if the process itself is, or has ended. */
function parentOf(pid: number): number | undefined {
  const status = pid === 0 ? undefined : readProcFile(pid, 'status');
  const parent = /^PPid:\s*(\d+)$/m.exec(status ?? '')?.[1];
  return parent === undefined ? undefined : Number(parent);
}

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readProcFile } from '../../machine/proc-file';
import type { CgroupDirectory } from '../directory/directory';
import { isPassedOver } from '../directory/walk';
import { type Mount, parseMounts } from '../hierarchy/mounts';
import { isFullId, parseCgroupName } from '../names/cgroup-name';
import { listPids } from '../processes/pids';

/**
 * Names that engines give their containers (`docker run --name`), of which a cgroup's path says nothing. They are found
 * without asking an engine, from the container's first process:
 *
 * - Docker mounts the container's /etc/hostname, /etc/hosts and /etc/resolv.conf from the directory in which it keeps the
 *   container's configuration, wherever its data is. It reads the name from there itself when it starts anew.
 * - Podman has each container looked after by conmon, the parent of that process, which has id and name in its arguments:
 *   conmon(8).
 *
 * containerd and CRI-O have a database that is theirs alone, and their names are those of Kubernetes, the same in many pods.
 */

/** The kinds of which this can be, and containers whose path does not say whose they are. */
const NAMED = new Set(['docker', 'podman', 'unknown']);
/** What both engines take for a name. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const DOCKER_MOUNT = /^(.*\/containers)\/[0-9a-f]{64}\/(?:hostname|hosts|resolv\.conf)$/;

/** Whether it can be one of those names. */
export function isContainerName(wanted: string): boolean {
  return NAME.test(wanted) && !isFullId(wanted);
}

/** The name of the container whose cgroup it is; undefined when it is none, has ended, or its engine does not tell. */
export function containerNameOf(directory: CgroupDirectory): string | undefined {
  const container = parseCgroupName(directory.path);
  if (container === undefined || !NAMED.has(container.kind) || !isFullId(container.id)) return undefined;
  const members = membersOf(directory);
  for (const pid of members) {
    const parent = parentOf(pid);
    // What a process of the container does says nothing: it could call itself conmon, and mount what it likes.
    if (parent === undefined || members.has(parent)) continue;
    const name = conmonName(container.id, readProcFile(parent, 'cmdline') ?? '') ?? dockerName(container.id, pid);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** `conmon -c ID -n NAME ...`; undefined when it is another program, or another container's. */
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
 * The directories that Docker may keep a container's configuration in.
 *
 * @param container what is mounted for the container
 * @param own what is mounted here
 */
export function dockerDirectories(id: string, container: readonly Mount[], own: readonly Mount[]): string[] {
  const found = container.flatMap(({ device, root }) => {
    // With `--network container:OTHER` the files are the other one's: the directory beside it is meant.
    const [, containers] = DOCKER_MOUNT.exec(root) ?? [];
    return containers === undefined ? [] : placesOf({ device, path: join(containers, id) }, own);
  });
  return [...new Set(found)];
}

/** The paths by which what is in a file system can be reached here. */
function placesOf({ device, path }: { device: string; path: string }, mounts: readonly Mount[]): string[] {
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

/** Docker has a slash before the name. */
function configuredName(id: string, file: string): string | undefined {
  try {
    const { ID, Name } = JSON.parse(readFileSync(file, 'utf8')) as { ID?: unknown; Name?: unknown };
    return ID === id && typeof Name === 'string' ? Name.replace(/^\//, '') : undefined;
  } catch {
    // Not there, not for us to read, or of another form in some version of Docker: then it is not known.
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

/** 0 when it is outside of this PID namespace; undefined when the process itself is, or has ended. */
function parentOf(pid: number): number | undefined {
  const status = pid === 0 ? undefined : readProcFile(pid, 'status');
  const parent = /^PPid:\s*(\d+)$/m.exec(status ?? '')?.[1];
  return parent === undefined ? undefined : Number(parent);
}

import { randomBytes } from 'node:crypto';
import { type Dirent, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelHas } from '../kernel-version';
import { patience } from '../patience';

/** The machine's cgroups as the kernel shows them, read without any of memcage's code. */

const V1_CONTROLLERS = ['memory', 'freezer', 'pids', 'cpu', 'cpuset', 'cpuacct'] as const;

export type Controller = (typeof V1_CONTROLLERS)[number] | 'unified';

interface Mount {
  root: string;
  mountPoint: string;
}

const mounts = new Map<Controller, Mount>();
for (const line of readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n')) {
  const fields = line.split(' ');
  const [type, , superOptions = ''] = fields.slice(fields.indexOf('-') + 1);
  const [root = '', mountPoint = ''] = fields.slice(3, 5);
  if (type === 'cgroup2') mounts.set('unified', { root, mountPoint });
  if (type !== 'cgroup') continue;
  for (const name of V1_CONTROLLERS) {
    if (superOptions.split(',').includes(name)) mounts.set(name, { root, mountPoint });
  }
}

/** Version of the hierarchy with the memory controller. */
export const version: 1 | 2 = mounts.has('memory') ? 1 : 2;
const unified = mounts.get('unified');
if (version === 2 && unified !== undefined) mounts.set('memory', unified);

/** A memory cgroup's interface files. */
export const files =
  version === 1
    ? {
        limit: 'memory.limit_in_bytes',
        usage: 'memory.usage_in_bytes',
        peak: 'memory.max_usage_in_bytes',
        threads: 'tasks',
      }
    : { limit: 'memory.max', usage: 'memory.current', peak: 'memory.peak', threads: 'cgroup.threads' };

/** Shell code that puts the path of the shell's own memory cgroup into $own. */
export const OWN_CGROUP_IN_SHELL = `own=${mounts.get('memory')?.mountPoint}$(sed -n 's/^[0-9]*:${
  version === 1 ? '[^:]*memory[^:]*' : ''
}://p' /proc/self/cgroup)`;

/** Absolute path of a process's cgroup. */
export function cgroupOf(pid: number | 'self', controller: Controller = 'memory'): string {
  const mount = mounts.get(controller);
  if (mount === undefined) throw new Error(`no ${controller} hierarchy`);
  const isUnified = mount === unified;
  const line = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .map((text) => /^\d+:([^:]*):(.*)$/.exec(text))
    .find((match) => (isUnified ? match?.[1] === '' : match?.[1]?.split(',').includes(controller) === true));
  const path = line?.[2] ?? '';
  return join(mount.mountPoint, mount.root === '/' ? path : path.slice(mount.root.length)).replace(/\/$/, '');
}

/** Whether it is in a hierarchy that a cage is in only for limits beside memory (v1). */
export function isSide(path: string): boolean {
  const sides = (['pids', 'cpu', 'cpuset', 'cpuacct'] as const).map((name) => mounts.get(name)?.mountPoint);
  return sides.some((mountPoint) => mountPoint !== undefined && path.startsWith(`${mountPoint}/`));
}

export function read(path: string, file: string): string {
  return readFileSync(join(path, file), 'utf8').trimEnd();
}

export function readNumber(path: string, file: string): number {
  return Number(read(path, file));
}

/** Whether this kernel records the highest use of a cgroup: on v2 since Linux 5.19. */
export const hasPeak = version === 1 || kernelHas(5, 19);

/** Null where this kernel records none. */
export function readPeak(path: string): number | null {
  return hasPeak ? readNumber(path, files.peak) : null;
}

/** The value of a line `NAME VALUE`. */
export function readKey(path: string, file: string, key: string): number {
  const line = read(path, file)
    .split('\n')
    .find((text) => text.startsWith(`${key} `));
  return Number(line?.slice(key.length + 1));
}

export function write(path: string, file: string, value: string): void {
  writeFileSync(join(path, file), value);
}

/** A cgroup and all cgroups below it. */
export function tree(path: string): string[] {
  return [path, ...subdirectories(path).flatMap((name) => tree(join(path, name)))];
}

/**
 * The kernel's count of OOM kills in a cgroup and all below it. v1 counts each cgroup separately, and loses the count
 * of a cgroup that is removed; v2 adds the counts up and keeps them.
 */
export function oomKills(path: string): number {
  if (version === 2) return readKey(path, 'memory.events', 'oom_kill');
  return tree(path).reduce((sum, directory) => sum + readKey(directory, 'memory.oom_control', 'oom_kill'), 0);
}

/** The memory limit; `Infinity` if there is none. */
export function limitOf(path: string): number {
  const text = read(path, files.limit);
  const PAGES_OF_ALL = 2 ** 63 - 65536;
  return text === 'max' || Number(text) >= PAGES_OF_ALL ? Number.POSITIVE_INFINITY : Number(text);
}

/** Pids in a cgroup and all below it. */
export function members(path: string): number[] {
  return tree(path)
    .flatMap((directory) => unlessGone(() => read(directory, 'cgroup.procs'), '').split('\n'))
    .filter((line) => line !== '')
    .map(Number);
}

/** Every directory, in every hierarchy, that memcage in one of these processes has made and not removed. */
export function cagesOf(...owners: number[]): string[] {
  const name = new RegExp(`^memcage-(detached-)?(${owners.join('|')})-[0-9a-f]+$`);
  return [...new Set(mounts.values())]
    .flatMap(({ mountPoint }) => tree(mountPoint))
    .filter((path) => name.test(path.slice(path.lastIndexOf('/') + 1)))
    .flatMap((path) => tree(path));
}

/** Leaves out the cage roots, which exist as long as their owner lives. Default: those of this process. */
export function openCages(...owners: number[]): string[] {
  return cagesOf(...(owners.length === 0 ? [process.pid] : owners)).filter(
    (path) => !/\/memcage-\d+-[0-9a-f]+$/.test(path),
  );
}

/**
 * A name is used only once in a process, across all test files, so that leftovers of one test do not make others
 * fail.
 */
const scope = randomBytes(3).toString('hex');
let made = 0;

/**
 * Makes a cgroup that memcage knows nothing of, below this process's own; `remove` also removes what is below it.
 *
 * @param limit of memory, without any swap
 */
export function makeCgroup(limit?: string, controller: Controller = 'memory'): { path: string; remove(): void } {
  made += 1;
  const path = makeBelow(cgroupOf('self', controller), `memcage-test-${process.pid}-${scope}-${made}`);
  if (limit !== undefined) setLimit(path, limit);
  return { path, remove: () => removeTree(path) };
}

/** Makes a cgroup with the memory controller. On v2 its parent may therefore have no processes of its own. */
export function makeBelow(parent: string, name: string): string {
  if (mounts.get('memory') === unified) enableMemory(parent);
  const path = join(parent, name);
  mkdirSync(path);
  holdBelow(path);
  return path;
}

/** v1 before Linux 5.11, on a machine whose systemd has not done it for all: has the limits hold for the cgroups below, too. */
function holdBelow(path: string): void {
  const file = 'memory.use_hierarchy';
  if (existsSync(join(path, file)) && read(path, file) === '0') write(path, file, '1');
}

/** v2: allows limits for the cgroups below. */
export function enableMemory(path: string): void {
  if (!read(path, 'cgroup.subtree_control').split(' ').includes('memory')) {
    write(path, 'cgroup.subtree_control', '+memory');
  }
}

/**
 * A cgroup in which a stranger counts towards this one's limit: this one itself, or one below where only cgroups
 * without children may have processes.
 */
export function placeForStrangers(path: string): string {
  if (version === 1) return path;
  const place = join(path, 'strangers');
  if (!existsSync(place)) mkdirSync(place);
  return place;
}

/** Of memory and swap together: where there is swap, what has one of memory alone may go there. */
export function setLimit(path: string, limit: string): void {
  write(path, files.limit, limit);
  const [swapFile, swap] = version === 1 ? ['memory.memsw.limit_in_bytes', limit] : ['memory.swap.max', '0'];
  if (existsSync(join(path, swapFile))) write(path, swapFile, swap);
}

/** Processes that were killed a moment ago may still be in it. */
export function removeTree(path: string): void {
  for (const name of subdirectories(path)) removeTree(join(path, name));
  const deadline = Date.now() + patience(1000);
  while (!isRemoved(path, Date.now() < deadline)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}

function isRemoved(path: string, mayBeBusy: boolean): boolean {
  try {
    rmdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') {
      if (mayBeBusy) return false;
      (error as Error).message += `: ${whoIsIn(path)}`;
    }
    if (code !== 'ENOENT') throw error;
  }
  return true;
}

/** By threads: others can live on after the first one of their process. */
function whoIsIn(path: string): string {
  const said = (directory: string, file: string): string => {
    try {
      return read(directory, file);
    } catch (error) {
      return String(error);
    }
  };
  const ids = said(path, version === 1 ? 'tasks' : 'cgroup.threads')
    .split('\n')
    .filter(Boolean);
  // Up to the flags: what it is, and whether it is ending.
  return ids.map((id) => said(`/proc/${id}`, 'stat').split(' ').slice(0, 9).join(' ')).join('; ');
}

/** Where the hierarchy is mounted. */
export function mountPoint(controller: Controller): string {
  return mounts.get(controller)?.mountPoint ?? '';
}

function subdirectories(path: string): string[] {
  const entries = unlessGone((): Dirent[] => readdirSync(path, { withFileTypes: true }), []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Cgroups come and go while they are walked. */
function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return otherwise;
    throw error;
  }
}

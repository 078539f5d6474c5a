import { type Dirent, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The machine's cgroups as the kernel shows them, read without any of memcage's code. */

export type Controller = 'memory' | 'unified' | 'freezer' | 'pids';

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
  for (const name of ['memory', 'freezer', 'pids'] as const) {
    if (superOptions.split(',').includes(name)) mounts.set(name, { root, mountPoint });
  }
}

/** Absolute path of a process's cgroup. */
export function cgroupOf(pid: number | 'self', controller: Controller = 'memory'): string {
  const mount = mounts.get(controller);
  if (mount === undefined) throw new Error(`no ${controller} hierarchy`);
  const line = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .map((text) => /^\d+:([^:]*):(.*)$/.exec(text))
    .find((match) =>
      controller === 'unified' ? match?.[1] === '' : match?.[1]?.split(',').includes(controller) === true,
    );
  const path = line?.[2] ?? '';
  return join(mount.mountPoint, mount.root === '/' ? path : path.slice(mount.root.length));
}

export function read(path: string, file: string): string {
  return readFileSync(join(path, file), 'utf8').trimEnd();
}

export function readNumber(path: string, file: string): number {
  return Number(read(path, file));
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

/** A cgroup and all below it. */
export function tree(path: string): string[] {
  return [path, ...subdirectories(path).flatMap((name) => tree(join(path, name)))];
}

/** v1's `oom_kill`, which does not add up by itself, of a cgroup and all below it. */
export function oomKills(path: string): number {
  return tree(path).reduce((sum, directory) => sum + readKey(directory, 'memory.oom_control', 'oom_kill'), 0);
}

/** Pids in a cgroup and all below it. */
export function members(path: string): number[] {
  return tree(path)
    .flatMap((directory) => read(directory, 'cgroup.procs').split('\n'))
    .filter((line) => line !== '')
    .map(Number);
}

/** Every directory, in every hierarchy, that a memcage in one of these processes has made and not removed. */
export function cagesOf(...owners: number[]): string[] {
  const name = new RegExp(`^memcage-(detached-)?(${owners.join('|')})-[0-9a-f]+$`);
  return [...mounts.values()]
    .flatMap(({ mountPoint }) => tree(mountPoint))
    .filter((path) => name.test(path.slice(path.lastIndexOf('/') + 1)))
    .flatMap((path) => tree(path));
}

/** Without the directories that hold the cages of one owner, which stay as long as that lives. Default: this process's. */
export function openCages(...owners: number[]): string[] {
  return cagesOf(...(owners.length === 0 ? [process.pid] : owners)).filter(
    (path) => !/\/memcage-\d+-[0-9a-f]+$/.test(path),
  );
}

let made = 0;

/** A cgroup that memcage knows nothing of, below this process's own; `remove` takes what is below along. */
export function makeCgroup(limit?: string, controller: Controller = 'memory'): { path: string; remove(): void } {
  made += 1;
  const path = join(cgroupOf('self', controller), `memcage-test-${process.pid}-${made}`);
  mkdirSync(path);
  if (limit !== undefined) {
    write(path, 'memory.limit_in_bytes', limit);
    if (existsSync(join(path, 'memory.memsw.limit_in_bytes'))) write(path, 'memory.memsw.limit_in_bytes', limit);
  }
  return { path, remove: () => removeTree(path) };
}

export function removeTree(path: string): void {
  for (const name of subdirectories(path)) removeTree(join(path, name));
  try {
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Where the hierarchy is mounted. */
export function mountPoint(controller: Controller): string {
  return mounts.get(controller)?.mountPoint ?? '';
}

function subdirectories(path: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    // Others' cgroups come and go while they are walked through.
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

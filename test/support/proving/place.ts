import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Controller, makeCgroup, members, mountPoint, removeTree, tree, version } from '../cgroup-tree';
import { asUser, giveTo, type User } from '../delegate';
import { endNow } from '../processes';

const V1: readonly Controller[] = ['memory', 'unified', 'pids', 'cpu', 'cpuacct'];

/** Who has each place and goes there. The default is root. */
export const PLACE_UID = Number(process.env['MEMCAGE_TEST_PLACE_UID'] || 0);

/** Cgroups and a directory for temporary files, where nobody else makes anything. */
export interface Place {
  /** One in each hierarchy in which memcage makes some. */
  cgroups: readonly string[];
  /** The beginning of a command line that goes there. */
  enter: readonly string[];
  env: NodeJS.ProcessEnv;
  /** For temporary files. */
  directory: string;
  /** What there is beyond the place itself: cgroups, temporary files, mounts. */
  left(): string[];
  /** Ends and removes all that. */
  clear(): void;
  remove(): void;
}

export function makePlace(): Place {
  const controllers: readonly Controller[] = version === 1 ? V1 : ['memory'];
  const cgroups = controllers.filter((name) => mountPoint(name) !== '').map((name) => makeCgroup(undefined, name));
  const paths = cgroups.map(({ path }) => path);
  const directory = mkdtempSync(join(tmpdir(), 'memcage-test-place-'));
  const user: User | undefined = PLACE_UID === 0 ? undefined : { uid: PLACE_UID, gid: PLACE_UID };
  if (user !== undefined) {
    for (const path of paths) giveTo(path, user);
    chownSync(directory, user.uid, user.gid);
  }
  const become = user === undefined ? '' : asUser(user).join(' ');
  const before = mounts();
  const below = (): string[] => paths.flatMap((path) => tree(path).slice(1));
  // Tests that run beside these have mounts in directories of their own.
  const isAnothers = (line: string): boolean => line.includes('/memcage-test-') && !line.includes(directory);
  const newMounts = (): string[] => mounts().filter((line) => !before.includes(line) && !isAnothers(line));
  return {
    cgroups: paths,
    enter: [
      ...['sh', '-c', `for each in ${paths.join(' ')}; do echo 0 > "$each/cgroup.procs"; done; exec ${become} "$@"`],
      'sh',
    ],
    env: { TMPDIR: directory },
    directory,
    left: () => [
      ...below().map((path) => `cgroup ${path}${members(path).map((pid) => ` with ${pid}`)}`),
      ...readdirSync(directory).map((name) => `file ${name}`),
      ...newMounts().map((line) => `mount ${line}`),
    ],
    clear: () => {
      // The fifth field is where it is mounted.
      for (const line of newMounts()) spawnSync('umount', [line.split(' ')[4] ?? '']);
      for (const pid of paths.flatMap(members)) endNow(pid);
      for (const path of below()) removeTree(path);
      for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
    },
    remove: () => {
      for (const { remove } of cgroups) remove();
      rmSync(directory, { recursive: true });
    },
  };
}

function mounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
}

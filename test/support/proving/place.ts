import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Controller, makeCgroup, members, mountPoint, removeTree, tree, version } from '../cgroups/cgroup-tree';
import { asUser, giveTo, type User } from '../cgroups/delegate';
import { endNow } from '../processes/processes';

const V1: readonly Controller[] = ['memory', 'unified', 'pids', 'cpu', 'cpuacct'];

/** Who has each place and goes there. The default is root. */
export const PLACE_UID = Number(process.env['MEMCAGE_TEST_PLACE_UID'] || 0);

const SUBTREE_CONTROL = 'cgroup.subtree_control';
const NOTE_FILES = ['ends', 'ends-before'];
/** How such a thing begins in `left()`. */
export const ENABLED = 'controller';

/** Cgroups and a directory for temporary files, where nobody else makes anything. */
export interface Place {
  /** One in each hierarchy in which memcage makes some. */
  cgroups: readonly string[];
  /** The beginning of a command line that goes there, as the user of the place. */
  enter: readonly string[];
  /** The same for one that stays outside of its cgroups. */
  become: readonly string[];
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
  const runtime = mkdtempSync(join(tmpdir(), 'memcage-test-runtime-'));
  const user: User | undefined = PLACE_UID === 0 ? undefined : { uid: PLACE_UID, gid: PLACE_UID };
  if (user !== undefined) {
    for (const path of paths) giveTo(path, user);
    chownSync(directory, user.uid, user.gid);
    chownSync(runtime, user.uid, user.gid);
  }
  const become = user === undefined ? [] : asUser(user);
  const before = mounts();
  const below = (): string[] => paths.flatMap((path) => tree(path).slice(1));
  // Tests that run beside these have mounts in directories of their own.
  const isAnothers = (line: string): boolean => line.includes('/memcage-test-') && !line.includes(directory);
  const newMounts = (): string[] => mounts().filter((line) => !before.includes(line) && !isAnothers(line));
  return {
    cgroups: paths,
    enter: [
      ...['sh', '-c', `for each in ${paths.join(' ')}; do echo 0 > "$each/cgroup.procs" || exit; done; exec "$@"`],
      ...['sh', ...become],
    ],
    become,
    env: { TMPDIR: directory, XDG_RUNTIME_DIR: runtime },
    directory,
    left: () => [
      ...below().map((path) => `cgroup ${path}${members(path).map((pid) => ` with ${pid}`)}`),
      ...paths.flatMap((path) => enabledIn(path).map((name) => `${ENABLED} ${name} of ${path}`)),
      ...readdirSync(directory).flatMap((name) => {
        // Notes stay. They are here where the runtime directory could not be had.
        const found = name === `.memcage-${PLACE_UID}` ? notNotes(join(directory, name)) : [name];
        return found.map((each) => `file ${each}`);
      }),
      ...notNotes(join(runtime, 'memcage')).map((name) => `file ${name} beside the notes`),
      ...newMounts().map((line) => `mount ${line}`),
    ],
    clear: () => {
      // The fifth field is where it is mounted.
      for (const line of newMounts()) spawnSync('umount', [line.split(' ')[4] ?? '']);
      for (const pid of paths.flatMap(members)) endNow(pid);
      for (const path of below()) removeTree(path);
      for (const path of paths) {
        for (const name of enabledIn(path)) writeFileSync(join(path, SUBTREE_CONTROL), `-${name}`);
      }
      for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
    },
    remove: () => {
      for (const { remove } of cgroups) remove();
      for (const path of [directory, runtime]) rmSync(path, { recursive: true });
    },
  };
}

/** On v2 no process can join a cgroup that gives controllers to those below it. */
function enabledIn(path: string): string[] {
  if (version === 1) return [];
  return readFileSync(join(path, SUBTREE_CONTROL), 'utf8').split(/\s+/).filter(Boolean);
}

/** What is in a directory of notes besides them. */
function notNotes(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => !NOTE_FILES.includes(name));
}

function mounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n');
}

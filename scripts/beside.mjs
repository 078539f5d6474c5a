// A place for a test run beside others: cgroups, namespaces for them and for mounts, and a temporary directory of its own, so
// that none finds the cgroups of another by their names, removes its cages as a dead owner's, or takes for left behind
// (test/setup/leak-check.ts) what it has at that moment.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Those that memcage makes directories in. On v2 a cgroup with processes can't have others below it, so there is no such place. */
const V1_HIERARCHIES = ['memory', 'freezer', ''];

export function canRunBeside() {
  return process.getuid() === 0 && ownCgroups().some(({ controllers }) => controllers.includes('memory'));
}

/** @returns {{ command: string[], env: Record<string, string>, remove: () => void }} */
export function makePlace(name) {
  // Not named after memcage: by that the tests know what is a cage.
  const scope = `tests-${name}-${process.pid}`;
  const places = ownCgroups()
    .filter(({ controllers }) => V1_HIERARCHIES.some((controller) => controllers.includes(controller)))
    .map(({ directory, ...place }) => ({ ...place, cgroup: join(directory, scope) }));
  const temporary = mkdtempSync(join(tmpdir(), `${scope}-`));
  for (const { cgroup } of places) mkdirSync(cgroup);
  const enter = places.map(({ cgroup }) => `echo 0 >'${cgroup}/cgroup.procs'`);
  // In a cgroup namespace that begins there, the place is the whole hierarchy.
  const mount = places.flatMap(({ mountPoint, options }) => [
    `umount '${mountPoint}'`,
    `mount ${options.join(' ')} cgroup '${mountPoint}'`,
  ]);
  return {
    command: [...shell(enter), 'unshare', '--mount', '--cgroup', ...shell(mount)],
    env: { MEMCAGE_TEST_SLOWNESS: '2', TMPDIR: temporary },
    remove() {
      rmSync(temporary, { recursive: true });
      for (const { cgroup } of places) removeGroup(cgroup);
    },
  };
}

/** What the run has left in it is told: it is no reason to lose the results of the others. */
function removeGroup(path) {
  try {
    rmdirSync(path);
  } catch (error) {
    console.log(`${path} can't be removed: ${error.code}`);
    process.exitCode = 1;
  }
}

/** The beginning of a command: what follows it is run after these. */
function shell(commands) {
  return ['sh', '-e', '-c', [...commands, 'exec "$@"'].join('; '), 'sh'];
}

function ownCgroups() {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line);
    const options = controllers === '' ? ['--types', 'cgroup2'] : ['--types', 'cgroup', '--options', controllers];
    const mountPoint = mountPointOf(options);
    if (mountPoint === undefined) return [];
    return [{ controllers: controllers.split(','), options, mountPoint, directory: join(mountPoint, path) }];
  });
}

function mountPointOf(options) {
  try {
    return execFileSync('findmnt', ['--noheadings', '--first-only', '--output', 'TARGET', ...options], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
}

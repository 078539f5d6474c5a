// Gives a test run that runs beside others its own cgroups, cgroup and mount namespaces, and temporary directory.
// Then no run finds another's cgroups by name, removes its cages as those of a dead owner, or takes what the other
// has at that moment for a leak (test/setup/leak-check.ts).
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyAndRemove } from './place-end.mjs';

/**
 * The hierarchies in which memcage makes directories. On v2 this is impossible: a cgroup with processes can't have
 * children with controllers.
 */
const V1_HIERARCHIES = ['memory', 'freezer', 'cpu', 'cpuacct', 'cpuset', 'pids', ''];

export function canRunBeside() {
  return process.getuid() === 0 && ownCgroups().some(({ controllers }) => controllers.includes('memory'));
}

/**
 * What `remove` resolves to is what the run has left there, one line each.
 *
 * @returns {{ command: string[], env: Record<string, string>, remove: () => Promise<string[]> }}
 */
export function makePlace(name) {
  // The name must not look like one of memcage's, because the tests recognise cages by it.
  const scope = `tests-${name}-${process.pid}`;
  const places = ownCgroups()
    .filter(({ controllers }) => V1_HIERARCHIES.some((controller) => controllers.includes(controller)))
    .map(({ directory, ...place }) => ({ ...place, cgroup: join(directory, scope) }));
  const temporary = mkdtempSync(join(tmpdir(), `${scope}-`));
  // As /tmp is: some tests run programs as another user.
  chmodSync(temporary, 0o1777);
  for (const { cgroup } of places) {
    mkdirSync(cgroup);
    allowRealTime(cgroup);
    allowProcessors(cgroup);
  }
  const enter = places.map(({ cgroup }) => `echo 0 >'${cgroup}/cgroup.procs'`);
  // In a cgroup namespace that begins there, this cgroup is the root of the hierarchy.
  const mount = places.flatMap(({ mountPoint, options }) => [
    `umount '${mountPoint}'`,
    `mount ${options.join(' ')} cgroup '${mountPoint}'`,
  ]);
  return {
    command: [...shell(enter), 'unshare', '--mount', '--cgroup', ...shell(mount)],
    env: { MEMCAGE_TEST_SLOWNESS: '2', TMPDIR: temporary },
    async remove() {
      const left = await emptyAndRemove(places.map(({ cgroup }) => cgroup));
      rmSync(temporary, { recursive: true, force: true });
      return left;
    },
  };
}

/**
 * With CONFIG_RT_GROUP_SCHED a new cgroup has no time for a process with a real-time policy, and one of the tests is one.
 * Where the cgroup above has none either, that test fails with and without a place.
 */
function allowRealTime(cgroup) {
  const file = join(cgroup, 'cpu.rt_runtime_us');
  if (!existsSync(file)) return;
  try {
    writeFileSync(file, '50000');
  } catch (error) {
    console.log(`${file} can't be written: ${error.code}`);
  }
}

/** A new cgroup of v1's cpuset has none, and takes no process then. */
function allowProcessors(cgroup) {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    const file = join(cgroup, name);
    if (existsSync(file)) writeFileSync(file, readFileSync(join(cgroup, '..', name)));
  }
}

/** The beginning of a command line: these commands run first, and then what follows it. */
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

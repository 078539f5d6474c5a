// A place for a test run beside others: cgroups, a mount namespace and a temporary directory of its own, so that none takes
// for left behind (test/setup/leak-check.ts) what another has at that moment.
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
  const cgroups = ownCgroups()
    .filter(({ controllers }) => V1_HIERARCHIES.some((controller) => controllers.includes(controller)))
    .map(({ directory }) => join(directory, scope));
  const temporary = mkdtempSync(join(tmpdir(), `${scope}-`));
  for (const cgroup of cgroups) mkdirSync(cgroup);
  const enter = 'for cgroup in $MEMCAGE_TEST_CGROUPS; do echo 0 >"$cgroup/cgroup.procs" || exit; done; exec "$0" "$@"';
  return {
    command: ['unshare', '--mount', 'sh', '-c', enter],
    env: {
      MEMCAGE_TEST_SLOWNESS: '2',
      MEMCAGE_TEST_CGROUPS: cgroups.join(' '),
      MEMCAGE_TEST_SCOPE: scope,
      TMPDIR: temporary,
    },
    remove() {
      rmSync(temporary, { recursive: true });
      for (const cgroup of cgroups) rmdirSync(cgroup);
    },
  };
}

function ownCgroups() {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line);
    const mount = mountPointOf(controllers);
    return mount === undefined ? [] : [{ controllers: controllers.split(','), directory: join(mount, path) }];
  });
}

function mountPointOf(controllers) {
  const type = controllers === '' ? ['--types', 'cgroup2'] : ['--types', 'cgroup', '--options', controllers];
  try {
    return execFileSync('findmnt', ['--noheadings', '--first-only', '--output', 'TARGET', ...type], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
}

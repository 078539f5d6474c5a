import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { release, userInfo } from 'node:os';
import { cgroupOf, version } from '../support/cgroup-tree';

/** Writes the machine's properties beside Jest's results. `npm run test:matrix` makes docs/tested.md from them. */
export function recordSurroundings(resultsFile: string | undefined): void {
  if (resultsFile === undefined) return;
  const surroundings = {
    date: new Date().toISOString().slice(0, 10),
    kernel: release(),
    machine: process.env['MEMCAGE_TEST_GUEST'] ?? 'host',
    cgroup: version === 2 ? 'v2' : hasUnified() ? 'v1, hybrid' : 'v1',
    init: init(),
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    node: process.versions.node,
    user: userInfo().uid === 0 ? 'root' : 'not root',
  };
  writeFileSync(`${resultsFile}.surroundings`, JSON.stringify(surroundings));
}

function hasUnified(): boolean {
  try {
    return cgroupOf('self', 'unified') !== '';
  } catch {
    return false;
  }
}

/** The program of process 1; for systemd with its version. */
function init(): string {
  const name = readFileSync('/proc/1/comm', 'utf8').trim();
  if (name !== 'systemd') return 'no systemd';
  const { stdout } = spawnSync('systemctl', ['--version'], { encoding: 'utf8' });
  return `systemd ${/^systemd (\d+)/.exec(stdout)?.[1] ?? '?'}`;
}

// Writes what was seen as `npm run test:matrix` and .ci/run read it: as Jest and test/setup/surroundings.ts would.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';

/** Adds up the counts of all runs in a root file system. */
export function record(name, directory, runs) {
  const { MEMCAGE_TEST_RESULTS: results } = process.env;
  if (results === undefined) return;
  const sum = (key) => runs.reduce((sofar, run) => sofar + run[key], 0);
  const path = join(results, `root-${name}.json`);
  const counts = { numPassedTests: sum('passed'), numFailedTests: sum('failed'), numPendingTests: 0 };
  writeFileSync(path, JSON.stringify(counts));
  writeFileSync(`${path}.surroundings`, JSON.stringify(surroundings(directory, runs)));
}

function surroundings(directory, runs) {
  const cgroups = readFileSync('/proc/self/cgroup', 'utf8');
  const isV1 = /^\d+:([^:]*,)?memory[,:]/m.test(cgroups);
  return {
    date: new Date().toISOString().slice(0, 10),
    kernel: release(),
    machine: 'host',
    cgroup: isV1 ? `v1${/^0::/m.test(cgroups) ? ', hybrid' : ''}` : 'v2',
    init: readFileSync('/proc/1/comm', 'utf8').trim() === 'systemd' ? 'systemd' : 'no systemd',
    distribution: distribution(directory),
    // "Node" is the heading of the column.
    node: runs.flatMap(({ runtime }) => runtime?.replace('Node ', '') ?? []).join(', '),
    user: 'root',
  };
}

function distribution(directory) {
  const path = join(directory, 'etc/os-release');
  return existsSync(path) ? /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync(path, 'utf8'))[1] : 'musl and BusyBox';
}

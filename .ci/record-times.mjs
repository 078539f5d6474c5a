// Writes to test/times.json how long each test file took in the last run of the gate, on the host and on cgroup v2.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRuns, testFiles } from './summary/read.mjs';

const root = join(import.meta.dirname, '..');
const file = join(root, 'test/times.json');
const MACHINES = [
  ['host', /^host-\d+$/],
  ['v2', /^v2-\d+$/],
];

const times = JSON.parse(readFileSync(file, 'utf8'));
const files = readRuns(join(root, 'build/ci/results')).flatMap(testFiles);
for (const [machine, pattern] of MACHINES) {
  const seen = files.filter(({ run }) => pattern.test(run)).map(({ path, seconds }) => [path, Math.ceil(seconds)]);
  const all = Object.entries({ ...times[machine], ...Object.fromEntries(seen) });
  const there = all.filter(([path]) => existsSync(join(root, path)));
  times[machine] = Object.fromEntries(there.sort(([a], [b]) => a.localeCompare(b, 'en')));
}
writeFileSync(file, `${JSON.stringify(times, null, 2)}\n`);

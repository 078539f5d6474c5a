// Usage: run.mjs [--as-built] [--planted] [--gate] address|thread [WORD-OF-JEST...]
// Builds memcage with AddressSanitizer and UBSan, or with ThreadSanitizer, and runs tests with it, or those that Jest
// finds by these words. Exit code 1 if a test fails or any process has written a report.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { canRunBeside, makePlace } from '../../scripts/beside.mjs';
import { build, environmentOf, placeOf } from './build.mjs';
import { selection } from './kinds.mjs';
import { findsPlanted } from './planted.mjs';
import { clearReports, readReports } from './reports.mjs';

const args = process.argv.slice(2);
const at = args.findIndex((arg) => !arg.startsWith('--'));
const [options, kind, given] = [args.slice(0, at), args[at], args.slice(at + 1)];
const unknown = options.find((option) => !['--as-built', '--planted', '--gate'].includes(option));
if (unknown !== undefined || !['address', 'thread'].includes(kind)) {
  console.error('Usage: run.mjs [--as-built] [--planted] [--gate] address|thread [WORD-OF-JEST...]');
  process.exit(2);
}

const { checkout, bin, reports } = placeOf(kind);
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;

if (!options.includes('--as-built')) {
  build(kind);
  console.log(`=== built after ${seconds()}`);
}
if (options.includes('--planted')) {
  if (!findsPlanted(kind)) process.exitCode = 1;
  console.log(`=== planted errors looked for after ${seconds()}`);
}

clearReports(reports);
// Jest takes every word after --selectProjects for a project.
const jest = ['node_modules/jest/bin/jest.js', '--selectProjects', 'integration', '--runInBand'];
const selected = selection(kind, { given, isGate: options.includes('--gate') });
const { MEMCAGE_TEST_SLOWNESS = '3' } = process.env;
const place = canRunBeside() ? makePlace(kind) : undefined;
const [file, ...words] = [...(place?.command ?? []), join(bin, 'node'), ...jest, ...selected];
const { status, signal } = spawnSync(file, words, {
  cwd: checkout,
  env: environmentOf(kind, { ...process.env, ...place?.env, MEMCAGE_TEST_SLOWNESS }),
  stdio: 'inherit',
});
const left = (await place?.remove()) ?? [];
for (const line of left) console.log(`=== ${kind}: left behind ${line}`);
const found = readReports(reports);
for (const report of found) console.log(report);
console.log(`=== ${kind}: Jest ended with ${signal ?? status}, ${found.length} reports, after ${seconds()}`);
if (status !== 0 || found.length > 0 || left.length > 0) process.exitCode = 1;

// docs/tested.md: a row for each run of the tests, with what it was on.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRuns } from '../../.ci/summary/read.mjs';

const page = fileURLToPath(new URL('../../docs/tested.md', import.meta.url));

const COLUMNS = [
  'run',
  'kernel',
  'cgroups',
  'init',
  'distribution',
  'Node',
  'user',
  'passed',
  'failed',
  'skipped',
  'when',
];

const HEAD = `# What memcage was tested on

\`npm run test:matrix\` writes this page (\`test/guest\` of the repository says how). A kernel marked \`uml\` runs as a process on the
machine that starts the tests. \`tcg\` is the distribution's own kernel in an emulated machine, and \`kvm\` is the same on the machine's
processor. \`qemu-user\` emulates only the programs, on the kernel of the machine. A run skips the tests that its machine can't do; nearly all
of them run in another. \`root-*\` are the package in other root file systems (\`test/roots\`), and \`arm64*\` on arm64 (\`test/arm64\`). A run
with the name of a compiler counts no tests: that compiler built memcage without a warning, and children started under that
build. clang-15 and clang-16 have no row, because Debian 13 does not have them: they were tried in a root file system of Debian 12.
\`soak\` and \`v2-bench\` count no tests either: their figures are in [nodes.md](nodes.md#soak) and [speed.md](speed.md). \`proving\`,
\`races-user\`, \`properties\`, \`address\`, \`thread\`, \`mutation\`, \`fuzz\`, \`suites\` and \`soak-long\` are the instruments of [reliability.md](reliability.md).

`;

/** Of what runs have left in that directory: Jest's results as NAME.json, with NAME.json.surroundings; how each ended in runs.tsv. */
export function readRows(directory) {
  const rows = new Map();
  for (const { name, status, results } of readRuns(directory)) {
    // `npm test` shares its tests out in several runs: host-1, host-pure and so on.
    const whole = name.replace(/^host-.*/, 'host');
    const row = rows.get(whole) ?? { passed: 0, failed: 0, skipped: 0, seen: undefined, hasResults: false, ends: [] };
    const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0, numPendingTests = 0 } = results;
    row.passed += numPassedTests;
    row.failed += numFailedTests + numRuntimeErrorTestSuites;
    row.skipped += numPendingTests;
    row.seen ??= readSurroundings(join(directory, `${name}.json.surroundings`));
    row.hasResults ||= 'numPassedTests' in results;
    if (status !== undefined && status !== '0') row.ends.push(status);
    rows.set(whole, row);
  }
  return [...rows].map(([name, row]) => [name, ...surroundingCells(row.seen), ...countCells(row)].map(String));
}

function readSurroundings(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function surroundingCells(seen) {
  if (seen === undefined) return Array(COLUMNS.indexOf('passed') - 1).fill('');
  const kernel = seen.machine === 'host' ? seen.kernel : `${seen.kernel} (${seen.machine})`;
  return [kernel, seen.cgroup, seen.init, seen.distribution, seen.node, seen.user];
}

function countCells({ passed, failed, skipped, seen, hasResults, ends }) {
  const date = seen?.date ?? new Date().toISOString().slice(0, 10);
  if (!hasResults) return ends.length === 0 ? ['ended well', '', '', date] : ['', `ended with ${ends}`, '', date];
  // A run that fails without a failed test has left something behind, or was ended.
  return [passed, failed === 0 && ends.length > 0 ? `ended with ${ends}` : failed, skipped, date];
}

/** Puts these in place of the rows of the same name. */
export function writeRows(rows) {
  const all = new Map([...knownRows(), ...rows].map((row) => [row[0], row]));
  const sorted = [...all.values()].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...sorted].map((cells) => `| ${cells.join(' | ')} |`);
  writeFileSync(page, `${HEAD}${lines.join('\n')}\n`);
}

function knownRows() {
  if (!existsSync(page)) return [];
  return readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '));
}

// test/matrix/tested.md: a row for each run of the tests, with what it was on.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRuns } from '../../.ci/summary/read.mjs';
import { readUnstable } from '../../.ci/summary/unstable.mjs';

const page = fileURLToPath(new URL('tested.md', import.meta.url));

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
  'minutes',
  'commit',
];

const HEAD = `# What memcage was tested on

\`npm run test:matrix\` writes this page (\`test/guest\` of the repository says how). A kernel marked \`uml\` runs as a process on the
machine that starts the tests. \`tcg\` is the distribution's own kernel in an emulated machine, and \`kvm\` is the same on the machine's
processor. \`qemu-user\` emulates only the programs, on the kernel of the machine. A run skips the tests that its machine can't do; nearly all
of them run in another. \`root-*\` are the package in other root file systems (\`test/roots\`), and \`arm64*\` on arm64 (\`test/arm64\`). \`bundles\`,
\`installers\`, \`rehearsal\` and \`reproducible\` are what becomes of the package (\`test/README.md\`). A run
with the name of a compiler counts no tests: that compiler built memcage without a warning, and children started under that
build. clang-15 and clang-16 have no row, because Debian 13 does not have them: they were tried in a root file system of Debian 12.
\`soak\` and \`v2-bench\` count no tests either: their figures are in [nodes.md](../../docs/reference/nodes.md#soak) and [speed.md](../../docs/reference/speed.md). \`proving\`,
\`races-user\`, \`properties\`, \`address\`, \`thread\`, \`mutation\`, \`fuzz\`, \`suites\`, \`soak-long\`, \`soak-clients\` and \`soak-why\` are the instruments of [reliability.md](../../docs/internals/reliability.md), \`attacks\` is that of [threat-model.md](../../docs/reference/threat-model.md). Each row says on which commit it ran, and how many minutes
its part took, unless it is older than these columns: \`npm run test:matrix -- --stale\` runs those that are older than what they prove.

`;

/** A row for each run that has left something in that directory: Jest's results as NAME.json, with NAME.json.surroundings; how each ended in runs.tsv. */
export function readRows(directory) {
  const rows = new Map();
  for (const { name, status, results } of readRuns(directory)) {
    // `npm test` shares its tests out in several runs: host-1, host-pure and so on.
    const whole = name.replace(/^host-.*/, 'host');
    const unstable = readUnstable(directory).filter(({ run }) => run === name).length;
    const row = rows.get(whole) ?? { passed: 0, failed: 0, skipped: 0, seen: undefined, hasResults: false, ends: [] };
    const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0, numPendingTests = 0 } = results;
    row.passed += numPassedTests + unstable;
    row.failed += numFailedTests + numRuntimeErrorTestSuites - unstable;
    row.skipped += numPendingTests;
    row.seen ??= readSurroundings(join(directory, `${name}.json.surroundings`));
    row.hasResults ||= 'numPassedTests' in results;
    if (status !== undefined && status !== '0') row.ends.push(status);
    rows.set(whole, row);
  }
  return [...rows].map(([run, row]) => ({ run, ...surroundingsOf(row.seen), ...countsOf(row) }));
}

function readSurroundings(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function surroundingsOf(seen) {
  if (seen === undefined) return {};
  const kernel = seen.machine === 'host' ? seen.kernel : `${seen.kernel} (${seen.machine})`;
  return {
    kernel,
    cgroups: seen.cgroup,
    init: seen.init,
    distribution: seen.distribution,
    Node: seen.node,
    user: seen.user,
  };
}

function countsOf({ passed, failed, skipped, seen, hasResults, ends }) {
  const when = seen?.date ?? new Date().toISOString().slice(0, 10);
  if (!hasResults) return ends.length === 0 ? { passed: 'ended well', when } : { failed: `ended with ${ends}`, when };
  // A run that fails without a failed test has left something behind, or was ended.
  return { passed, failed: failed === 0 && ends.length > 0 ? `ended with ${ends}` : failed, skipped, when };
}

/**
 * The known rows with these of a part, in place of all that it ever had: nothing would bring one up to date that it does
 * not write any more.
 */
export function replaced(known, part, rows) {
  const others = known.filter(({ run }) => !part.rows.test(run));
  const all = new Map([...others, ...rows].map((row) => [row.run, row]));
  return [...all.values()].sort((a, b) => a.run.localeCompare(b.run, 'en', { numeric: true }));
}

/** Makes these the rows of the page. */
export function writeRows(rows) {
  const cells = rows.map((row) => COLUMNS.map((column) => String(row[column] ?? '')));
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...cells].map((each) => `| ${each.join(' | ')} |`);
  writeFileSync(page, `${HEAD}${lines.join('\n')}\n`);
}

/** The rows of the page, by the names of the columns. */
export function knownRows() {
  if (!existsSync(page)) return [];
  const rows = readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '));
  return rows.slice(2).map((cells) => Object.fromEntries(COLUMNS.map((column, index) => [column, cells[index] ?? ''])));
}

// docs/tested.md: a row for each run of the tests, with what it was on.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

\`npm run test:matrix\` writes this page. The host's kernel is a real machine's; \`uml\` is a kernel that runs as a process there, \`tcg\` the
distribution's own kernel in an emulated machine, \`kvm\` the same on the machine's processor:
[how](../test/guest/README.md). What a run leaves out is skipped for a want of that machine, and another run has it.

`;

/** Of the results that runs of Jest have left in that directory, as NAME.json and NAME.json.surroundings. */
export function readRows(directory) {
  const read = (file) => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const runs = new Map();
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
    // `npm test` shares its tests out in several runs: host-1, host-pure and so on.
    const name = file.replace(/^host-.*/, 'host').replace(/\.json$/, '');
    const run = runs.get(name) ?? { passed: 0, failed: 0, skipped: 0, seen: read(`${file}.surroundings`) };
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = read(file);
    run.passed += numPassedTests;
    run.failed += numFailedTests + numRuntimeErrorTestSuites;
    run.skipped += numPendingTests;
    runs.set(name, run);
  }
  return [...runs].map(([name, { passed, failed, skipped, seen }]) =>
    [
      name,
      seen.machine === 'host' ? seen.kernel : `${seen.kernel} (${seen.machine})`,
      ...[seen.cgroup, seen.init, seen.distribution, seen.node, seen.user, passed, failed, skipped, seen.date],
    ].map(String),
  );
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

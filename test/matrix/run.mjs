// Usage: run.mjs [PART...] (by ./run)
// Runs the whole matrix, or these parts of it (the keys of `parts`, or the name of a guest),
// and writes what was seen to docs/tested.md. A part that was not run keeps the rows that it had. Exit code 1 when one
// of them fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurations } from '../guest/configurations.mjs';
import { readRows, writeRows } from './tested.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const results = join(root, 'build/matrix');

const json = (name) => ['--json', `--outputFile=${join(results, `${name}.json`)}`];
const guests = (...words) => ({ command: ['npm', 'run', 'test:guest', '--', ...words] });

const jest = ['node', 'node_modules/jest/bin/jest.js'];

const parts = {
  host: { command: ['npm', 'test', '--', ...json('{}')] },
  nodes: { command: ['npm', 'run', 'test:nodes', '--', '--all', ...json('node-{}')] },
  compilers: { command: ['node', 'test/matrix/compilers.mjs'] },
  guests: guests('--matrix'),
  roots: { command: ['npm', 'run', 'test:roots'] },
  arm64: { command: ['npm', 'run', 'test:arm64'] },
  proving: {
    command: [
      ...['env', 'MEMCAGE_TEST_FAULTS=3000', 'MEMCAGE_TEST_KILLS=1000', 'MEMCAGE_TEST_POWER_CUTS=all', ...jest],
      ...['--selectProjects', 'integration'],
      ...['--runInBand', ...json('proving'), '--', 'integration/proving/'],
    ],
    ownRun: true,
  },
  'races-user': {
    command: [
      ...['env', 'MEMCAGE_TEST_PLACE_UID=1000', ...jest, '--selectProjects', 'integration', '--runInBand'],
      ...[...json('races-user'), '--', 'integration/races/'],
    ],
    ownRun: true,
  },
  properties: {
    command: [
      ...['env', 'MEMCAGE_TEST_RUNS=200000', ...jest, '--selectProjects', 'pure', '--testTimeout', '3600000'],
      ...json('properties'),
    ],
    ownRun: true,
  },
  address: { command: ['node', 'test/sanitize/run.mjs', '--planted', 'address'], ownRun: true },
  thread: { command: ['node', 'test/sanitize/run.mjs', '--planted', 'thread'], ownRun: true },
  mutation: { command: ['test/mutation/run'], ownRun: true },
  // The addon's arguments take ten times as long as anything else.
  fuzz: { command: ['test/fuzz/run', '--runs', '10000000', 'launcher', 'guardian', 'bus', 'kernel'], ownRun: true },
  'fuzz-binding': { command: ['test/fuzz/run', '--runs', '1000000', 'binding'], ownRun: true },
  // The rest of them takes hours: npm run test:suites
  suites: {
    command: ['npm', 'run', 'test:suites', '--', '--node', '24', 'tinyexec', 'cross-spawn', 'jest-worker'],
    ownRun: true,
  },
  'soak-long': { command: ['npm', 'run', 'soak:long'], ownRun: true },
  // Its runs have names of Nodes, as have those of the tests.
  soak: { command: ['npm', 'run', 'soak'], ownRun: true },
};

/** Of what was asked for; single guests are one part, since two of them run at the same time. */
function chosen(names) {
  if (names.length === 0) return Object.entries(parts);
  const single = names.filter((name) => configurations.some((configuration) => configuration.name === name));
  const unknown = names.find((name) => !single.includes(name) && !(name in parts));
  if (unknown !== undefined) {
    const known = [...Object.keys(parts), ...configurations.map(({ name }) => name)].join(', ');
    throw new Error(`There is no part ${unknown} of the matrix: choose from ${known}`);
  }
  return [
    ...Object.entries(parts).filter(([name]) => names.includes(name)),
    ...(single.length === 0 ? [] : [[single.join(', '), guests(...single)]]),
  ];
}

async function run(name, { command, ownRun = false }) {
  console.log(`=== ${name}: ${command.join(' ')}`);
  const [file, ...args] = command;
  const stdio = ['ignore', 'inherit', 'inherit'];
  const { MEMCAGE_TEST_RESULTS: _, ...env } = process.env;
  const child = spawn(file, args, { cwd: root, stdio, env: ownRun ? env : { ...env, MEMCAGE_TEST_RESULTS: results } });
  const [status, signal] = await once(child, 'close');
  if (ownRun) appendFileSync(join(results, 'runs.tsv'), `${name}\t${status ?? signal}\n`);
  return status === 0;
}

const wanted = chosen(process.argv.slice(2));
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

const failed = [];
for (const [name, part] of wanted) if (!(await run(name, part))) failed.push(name);

writeRows(readRows(results));
for (const name of failed) console.log(`failed: ${name}`);
if (failed.length > 0) process.exitCode = 1;

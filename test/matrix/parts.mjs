// The parts of the matrix: what each runs, which rows of test/matrix/tested.md it writes, and what these prove.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurations } from '../guest/configurations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const record = join(root, 'build/matrix');
/** Of the part that runs. */
export const results = join(record, 'results');

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string[]} command
 * @property {RegExp} rows the names of its rows
 * @property {string[]} proves paths: its rows are stale once one of these has changed
 * @property {boolean} [ownRun] it writes no end of a run of its own, and its row has its name
 */

const NATIVE = ['native', 'memcage.gypi', 'binding.gyp'];
const PRODUCT = ['lib', 'types', ...NATIVE, 'package.json', 'scripts/bundle.mjs', 'scripts/parts.mjs'];
const SUITE = [
  ...PRODUCT,
  'jest.config.js',
  ...['integration', 'support', 'fixtures', 'native', 'overseer', 'setup'].map((name) => `test/${name}`),
];
const PACKAGE = [...PRODUCT, 'scripts/prebuilds.mjs', 'scripts/forget-libraries.mjs', 'test/smoke', 'test/packed'];

const jest = ['node', 'node_modules/jest/bin/jest.js', '--runInBand'];
const json = (name) => ['--json', `--outputFile=${join(results, `${name}.json`)}`];
const inJest = (name, variables, ...words) => ({
  command: ['env', ...variables, ...jest, ...json(name), ...words],
  ownRun: true,
});

/** @type {Record<string, Omit<Part, 'name' | 'rows'> & { rows?: RegExp }>} */
const PARTS = {
  host: { command: ['npm', 'test'], proves: [...SUITE, 'test/pure'] },
  nodes: { command: ['npm', 'run', 'test:nodes', '--', '--all'], rows: /^node-/, proves: [...SUITE, 'test/pure'] },
  compilers: {
    command: ['node', 'test/matrix/compilers.mjs'],
    rows: /^(g\+\+|clang)-/,
    proves: [...NATIVE, 'test/native', 'test/overseer'],
  },
  ...Object.fromEntries(
    configurations.map(({ name, benchmarks }) => [
      name,
      {
        command: ['npm', 'run', 'test:guest', '--', name],
        proves: ['test/guest', ...(benchmarks === undefined ? SUITE : [...PRODUCT, 'bench'])],
      },
    ]),
  ),
  roots: { command: ['npm', 'run', 'test:roots'], rows: /^root-/, proves: [...PACKAGE, 'test/roots'] },
  bundles: { command: ['npm', 'run', 'test:bundles'], proves: [...PACKAGE, 'docs/guides/bundling.md', 'test/bundles'] },
  installers: { command: ['npm', 'run', 'test:installers'], proves: [...PACKAGE, 'test/installers'] },
  rehearsal: {
    command: ['npm', 'run', 'release:rehearse'],
    proves: [...PACKAGE, 'package-lock.json', 'scripts/release', 'test/rehearsal'],
  },
  reproducible: {
    command: ['npm', 'run', 'test:reproducible'],
    proves: [...PACKAGE, 'package-lock.json', 'scripts/release', 'test/reproducible'],
  },
  arm64: { command: ['npm', 'run', 'test:arm64'], rows: /^arm64/, proves: [...PACKAGE, 'test/arm64', 'test/guest'] },
  proving: {
    ...inJest(
      'proving',
      ['MEMCAGE_TEST_FAULTS=3000', 'MEMCAGE_TEST_KILLS=1000', 'MEMCAGE_TEST_POWER_CUTS=all'],
      ...['--selectProjects', 'integration', '--testPathPatterns', 'integration/proving/'],
    ),
    proves: [...PRODUCT, 'test/integration/proving', 'test/support/proving', 'test/fixtures/proving', 'test/overseer'],
  },
  'races-user': {
    ...inJest(
      'races-user',
      ['MEMCAGE_TEST_PLACE_UID=1000'],
      ...['--selectProjects', 'integration', '--testPathPatterns', 'integration/races/'],
    ),
    proves: [...PRODUCT, 'test/integration/races', 'test/support/races', 'test/fixtures/races', 'test/overseer'],
  },
  properties: {
    ...inJest('properties', ['MEMCAGE_TEST_RUNS=200000'], ...['--selectProjects', 'pure', '--testTimeout', '3600000']),
    proves: ['lib', 'test/pure'],
  },
  address: {
    command: ['node', 'test/sanitize/run.mjs', '--planted', 'address'],
    proves: [...NATIVE, 'test/sanitize'],
    ownRun: true,
  },
  thread: {
    command: ['node', 'test/sanitize/run.mjs', '--planted', 'thread'],
    proves: [...NATIVE, 'test/sanitize'],
    ownRun: true,
  },
  mutation: { command: ['test/mutation/run'], proves: ['lib', 'test/pure', 'test/mutation'], ownRun: true },
  // The addon's arguments take ten times as long as anything else.
  fuzz: {
    command: ['test/fuzz/run', '--runs', '10000000', 'launcher', 'guardian', 'bus', 'kernel'],
    proves: [...NATIVE, 'test/fuzz'],
    ownRun: true,
  },
  'fuzz-binding': {
    command: ['test/fuzz/run', '--runs', '1000000', 'binding'],
    proves: [...NATIVE, 'test/fuzz'],
    ownRun: true,
  },
  // The rest of them takes hours: npm run test:suites
  suites: {
    command: ['npm', 'run', 'test:suites', '--', '--node', '24', 'tinyexec', 'cross-spawn', 'jest-worker'],
    proves: [...PRODUCT, 'package-lock.json', 'test/suites'],
    ownRun: true,
  },
  // Every sandbox that is here. The guests have memcage's own column, as a test.
  attacks: {
    command: ['node', 'test/attacks/run.mjs'],
    proves: [...PRODUCT, 'test/attacks'],
    ownRun: true,
  },
  // A tenth of all.
  'soak-long': {
    command: ['npm', 'run', 'soak:long', '--', '100000'],
    proves: [...PRODUCT, 'bench/long'],
    ownRun: true,
  },
  // A fifth of all, in some twenty minutes.
  'soak-clients': {
    command: ['npm', 'run', 'soak:clients', '--', '--kills', '2000'],
    proves: [...PRODUCT, 'bench/clients'],
    ownRun: true,
  },
  // A fifth of all, in some six minutes.
  'soak-why': {
    command: ['env', 'WHY_KILLS=200', 'npm', 'run', 'soak:why'],
    proves: [...PRODUCT, 'bench/why.ts'],
    ownRun: true,
  },
  // Its runs have names of Nodes, as have those of the tests.
  soak: { command: ['npm', 'run', 'soak'], proves: [...PRODUCT, 'bench/soak.ts'], ownRun: true },
};

/** @type {Part[]} */
export const parts = Object.entries(PARTS).map(([name, part]) => ({ name, rows: new RegExp(`^${name}$`), ...part }));

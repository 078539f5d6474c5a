// Usage: suites.mjs [--matrix | CONFIGURATION...]
// Runs the suites of these configurations, or of those in the gate, each in its own guest; with --matrix those of
// all. Expects that everything is built. Leaves Jest's results as NAME.json in MEMCAGE_TEST_RESULTS, if that is set.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allWell, namedRun } from '../../scripts/named-run.mjs';
import { configurations } from './configurations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = join(root, 'test/guest');
const jest = 'node_modules/.bin/jest';
/** A guest's Jest keeps one core busy. */
const AT_ONCE = 2;

function chosen(words) {
  if (words.length === 0) return configurations.filter(({ part }) => part === 'gate');
  if (words.length === 1 && words[0] === '--matrix') return configurations;
  return words.map(named);
}

function named(name) {
  const found = configurations.find((configuration) => configuration.name === name);
  if (found !== undefined) return found;
  const known = configurations.map((configuration) => configuration.name).join(', ');
  throw new Error(`There is no guest configuration ${name}: choose from ${known}`);
}

/**
 * Loads the tests that will run in an emulated guest, without running any: a transformation takes 10 times as long
 * there.
 */
function fillCache(wanted) {
  const emulated = wanted.filter(({ guest, benchmarks }) => guest.includes('--kernel') && benchmarks === undefined);
  if (emulated.length === 0) return;
  const projects = [...new Set(emulated.flatMap((configuration) => configuration.projects))];
  const isWhole = emulated.some(({ paths }) => paths === undefined);
  const paths = isWhole ? [] : emulated.flatMap((configuration) => configuration.paths);
  // For what a test file makes when it is loaded, and removes after its tests.
  const scratch = mkdtempSync(join(tmpdir(), 'guest-cache-'));
  try {
    const env = { ...process.env, TMPDIR: scratch, MEMCAGE_TEST_GUEST: 'none' };
    const words = ['--runInBand', '--testNamePattern=^$', ...jestChoice({ projects, paths })];
    // The output of such a run is of no interest. A test that can't be loaded will fail in the guest.
    spawnSync(jest, words, { cwd: root, stdio: 'ignore', env });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function jestChoice({ projects, paths = [] }) {
  return ['--selectProjects', ...projects, ...(paths.length === 0 ? [] : ['--testPathPatterns', ...paths])];
}

function jestCommand(configuration, output) {
  return [jest, '--runInBand', '--json', `--outputFile=${output}`, ...jestChoice(configuration)];
}

function requirements({ require: always = [], requireIfHere = [] }) {
  const here = (process.env.MEMCAGE_REQUIRE ?? '').split(',');
  return [...always, ...requireIfHere.filter((feature) => here.includes(feature))];
}

async function run(configuration, results) {
  const { name, guest, bringsNode, prebuilt, view = [], benchmarks, timeoutSeconds } = configuration;
  const output = join(results, `${name}.json`);
  const [script, ...viewArgs] = view;
  const command = [
    ...(prebuilt ? [join(here, 'views/prebuilt')] : []),
    ...(script === undefined ? [] : [join(here, 'views', script), ...viewArgs]),
    ...(benchmarks === undefined ? jestCommand(configuration, output) : ['node', 'out/bench/main.js', ...benchmarks]),
  ];
  const options = [
    ...guest,
    ...['--share', results],
    ...['--timeout', String(timeoutSeconds)],
    ...['--env', `MEMCAGE_REQUIRE=${requirements(configuration).join(',')}`],
    ...(bringsNode ? ['--env', `PATH=${nodeDirectory()}${delimiter}${process.env.PATH}`] : []),
  ];
  const started = performance.now();
  const isWell = await namedRun({ name, command: [join(here, 'run'), ...options, '--', ...command], isBeside: true });
  const seconds = Math.round((performance.now() - started) / 1000);
  const counts = benchmarks === undefined ? countsOf(output) : 'benchmarks';
  console.log(`=== ${name}: ${isWell ? 'done' : 'FAILED'} in ${seconds} s: ${counts}`);
  return isWell;
}

function nodeDirectory() {
  const path = execFileSync(process.execPath, [join(root, 'scripts/nodes.mjs'), '--install', '20'], {
    encoding: 'utf8',
  });
  return dirname(path.trim());
}

function countsOf(path) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(path, 'utf8'),
    );
    return `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed, ${numPendingTests} skipped`;
  } catch {
    return 'no result';
  }
}

async function main(words) {
  const wanted = chosen(words);
  const kept = process.env.MEMCAGE_TEST_RESULTS;
  mkdirSync(join(root, 'build'), { recursive: true });
  const results = kept ?? mkdtempSync(join(root, 'build/guest-results-'));
  // Guests write there as other users too.
  chmodSync(results, 0o777);

  if (wanted.some(({ prebuilt }) => prebuilt)) {
    const make = ['run', 'prebuilds', '--', 'x64'];
    execFileSync('npm', make, { cwd: root, stdio: 'inherit' });
  }
  fillCache(wanted);
  const isWell = await allWell(wanted, AT_ONCE, (configuration) => run(configuration, results));
  if (kept === undefined) rmSync(results, { recursive: true });
  if (!isWell) process.exitCode = 1;
}

await main(process.argv.slice(2));

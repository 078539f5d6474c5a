// Usage: suites.mjs [CONFIGURATION...]
// Runs the suites of these configurations, or of all, each in a guest of its own. Expects everything to be built.
// Jest's results are left as NAME.json in MEMCAGE_TEST_RESULTS, where that is set.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { configurations } from './configurations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = join(root, 'test/guest');
const jest = 'node_modules/.bin/jest';

function chosen(names) {
  const unknown = names.filter((name) => !configurations.some((configuration) => configuration.name === name));
  if (unknown.length > 0) {
    const known = configurations.map(({ name }) => name).join(', ');
    throw new Error(`There is no guest configuration ${unknown.join(', ')}: choose from ${known}`);
  }
  return configurations.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** Two at a time, since a guest's Jest keeps one core busy. */
const AT_ONCE = 2;

/** Runs a command, and passes on what it says, line by line with its name. */
async function step(name, command, args, { env = process.env, quiet = false } = {}) {
  console.log(`=== ${name}: ${args.join(' ')}`);
  const started = performance.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => quiet || console.log(`${name} | ${line}`));
  }
  const [status, signal] = await once(child, 'close');
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`=== ${name}: ${status === 0 ? 'done' : `ended with ${status ?? signal}`} in ${seconds} s`);
  return { status, seconds };
}

/** Loads every test and runs none, since transforming takes 10 times as long in an emulated guest. */
async function fillCache() {
  // For what a file makes when it is loaded, and removes after its tests.
  const scratch = mkdtempSync(join(tmpdir(), 'guest-cache-'));
  try {
    const env = { ...process.env, TMPDIR: scratch, MEMCAGE_TEST_GUEST: 'none' };
    // What a run like this says of itself is no news; a test that can't be loaded will fail in the guest.
    await step('cache', jest, ['--runInBand', '--testNamePattern=^$'], { env, quiet: true });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function jestCommand({ projects, paths = [] }, output) {
  return [
    ...[jest, '--runInBand', '--json', `--outputFile=${output}`, '--selectProjects', ...projects],
    ...(paths.length === 0 ? [] : ['--testPathPatterns', ...paths]),
  ];
}

function requirements({ require: always = [], requireIfHere = [] }) {
  const here = (process.env.MEMCAGE_REQUIRE ?? '').split(',');
  return [...always, ...requireIfHere.filter((feature) => here.includes(feature))];
}

async function run(configuration, results) {
  const { name, guest, view = [], benchmarks, timeoutSeconds } = configuration;
  const output = join(results, `${name}.json`);
  const [script, ...viewArgs] = view;
  const command = [
    ...(script === undefined ? [] : [join(here, 'views', script), ...viewArgs]),
    ...(benchmarks === undefined ? jestCommand(configuration, output) : ['node', 'out/bench/main.js', ...benchmarks]),
  ];
  const options = [
    ...guest,
    ...['--share', results],
    ...['--timeout', String(timeoutSeconds)],
    ...['--env', `MEMCAGE_REQUIRE=${requirements(configuration).join(',')}`],
  ];
  const { status, seconds } = await step(name, join(here, 'run'), [...options, '--', ...command]);
  return { name, status, seconds, counts: benchmarks === undefined ? countsOf(output) : 'benchmarks' };
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

async function main(names) {
  const wanted = chosen(names);
  const kept = process.env.MEMCAGE_TEST_RESULTS;
  mkdirSync(join(root, 'build'), { recursive: true });
  const results = kept ?? mkdtempSync(join(root, 'build/guest-results-'));
  // Guests write there as other users, too.
  chmodSync(results, 0o777);

  await fillCache();
  const ends = [];
  const queue = [...wanted];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) ends.push(await run(next, results));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (kept === undefined) rmSync(results, { recursive: true });

  console.log('');
  for (const { name, status, seconds, counts } of ends) {
    console.log(`guest ${name.padEnd(20)}${counts}, ${seconds} s${status === 0 ? '' : `, exit code ${status}`}`);
  }
  if (ends.some(({ status }) => status !== 0)) process.exitCode = 1;
}

await main(process.argv.slice(2));

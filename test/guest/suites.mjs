// Usage: suites.mjs [CONFIGURATION...] | --as NAME CONFIGURATION LIST
// Runs the suites of these configurations, or of those of the gate, each in its own guest. With
// --as it runs the test files that are the lines of LIST in a guest of that configuration. Expects that everything is
// built. Leaves Jest's results as NAME.json in MEMCAGE_TEST_RESULTS, if that is set.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jestRun } from '../../scripts/jest-run.mjs';
import { allWell, namedRun } from '../../scripts/named-run.mjs';
import { readLines } from '../../scripts/test-files.mjs';
import { configurations } from './configurations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = join(root, 'test/guest');
const jest = 'node_modules/.bin/jest';
const { MEMCAGE_TEST_RESULTS: results } = process.env;
/** A guest's Jest keeps one core busy. */
const AT_ONCE = 2;

function chosen(words) {
  if (words.length === 0) return configurations.filter(({ part }) => part === 'gate');
  if (words[0] === '--as') {
    const [, name, configuration, list] = words;
    return [{ ...named(configuration), name, files: readLines(list) }];
  }
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
    const words = ['--runInBand', '--testNamePattern=^$', '--selectProjects', ...projects, ...jestChoice({ paths })];
    // The output of such a run is of no interest. A test that can't be loaded will fail in the guest.
    spawnSync(jest, words, { cwd: root, stdio: 'ignore', env });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Jest takes every word after --selectProjects for a project, until the next option. */
function jestChoice({ files, paths = [] }) {
  if (files !== undefined) return ['--runTestsByPath', ...files];
  return paths.length === 0 ? [] : ['--testPathPatterns', ...paths];
}

function requirements({ require: always = [], requireIfHere = [] }) {
  const here = (process.env.MEMCAGE_REQUIRE ?? '').split(',');
  return [...always, ...requireIfHere.filter((feature) => here.includes(feature))];
}

async function run(configuration) {
  const { name, guest, bringsNode, prebuilt, view = [], projects, benchmarks, timeoutSeconds } = configuration;
  const [script, ...viewArgs] = view;
  const options = [
    ...guest,
    ...(results === undefined ? [] : ['--share', results]),
    ...['--timeout', String(timeoutSeconds)],
    ...['--env', `MEMCAGE_REQUIRE=${requirements(configuration).join(',')}`],
    ...['MEMCAGE_TEST_SEED', 'MEMCAGE_TEST_CHANGED'].flatMap((variable) => ['--env', variable]),
    ...(bringsNode ? ['--env', `PATH=${nodeDirectory()}${delimiter}${process.env.PATH}`] : []),
  ];
  const inGuest = (...command) => [
    ...[join(here, 'run'), ...options, '--'],
    ...(prebuilt ? [join(here, 'views/prebuilt')] : []),
    ...(script === undefined ? [] : [join(here, 'views', script), ...viewArgs]),
    ...command,
  ];
  const started = performance.now();
  const isWell =
    benchmarks === undefined
      ? await jestRun({
          name,
          command: (words) => inGuest(jest, '--runInBand', '--selectProjects', ...projects, ...words),
          words: jestChoice(configuration),
          isBeside: true,
        })
      : await namedRun({ name, command: inGuest('node', 'out/bench/main.js', ...benchmarks), isBeside: true });
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`=== ${name}: ${isWell ? 'done' : 'FAILED'} in ${seconds} s`);
  return isWell;
}

function nodeDirectory() {
  const path = execFileSync(process.execPath, [join(root, 'scripts/nodes.mjs'), '--install', '20'], {
    encoding: 'utf8',
  });
  return dirname(path.trim());
}

async function main(words) {
  const wanted = chosen(words);
  // Guests write there as other users too.
  if (results !== undefined) chmodSync(results, 0o777);
  if (wanted.some(({ prebuilt }) => prebuilt)) {
    const make = ['run', 'prebuilds', '--', 'x64'];
    execFileSync('npm', make, { cwd: root, stdio: 'inherit' });
  }
  fillCache(wanted);
  if (!(await allWell(wanted, AT_ONCE, run))) process.exitCode = 1;
}

await main(process.argv.slice(2));

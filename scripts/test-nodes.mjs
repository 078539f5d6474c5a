// Usage: test-nodes.mjs [NODE...] [--pure | --all] [PATTERN...] [OPTION-OF-JEST...]
// Runs tests on each supported version of Node but this one, or on those named: the tests that a version can change,
// those that match, the pure ones, or all. Several run at a time, if they can be kept apart (beside.mjs). With
// MEMCAGE_TEST_SEED half of the pure ones are drawn: they ask Node for little beside the language.
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { canRunBeside, makePlace } from './beside.mjs';
import { jestRun } from './jest-run.mjs';
import { allWell } from './named-run.mjs';
import { shuffled } from './shuffled.mjs';
import { testFiles } from './test-files.mjs';
import { testsOfNodes } from './tests-of-nodes.mjs';

const { MEMCAGE_TEST_SEED: seed } = process.env;

const args = process.argv.slice(2);
const isNode = (word) => /^\d+$/.test(word);
const [isPure, isAll] = ['--pure', '--all'].map((option) => args.includes(option));
const words = args.filter((word) => !isNode(word) && word !== '--all' && word !== '--pure');
const isChosen = isAll || words.some((word) => !word.startsWith('-'));
const chosen = isPure ? pureTests() : isChosen ? [] : testsOfNodes();
// The site is built by one Node, in one place.
const leftOut = isAll ? ['--testPathIgnorePatterns=/node_modules/|/docs/site\\.test'] : [];

const install = [join(import.meta.dirname, 'nodes.mjs'), '--install'];
const named = args.filter(isNode);
const paths = execFileSync(process.execPath, [...install, ...(named.length > 0 ? named : ['--others'])], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
})
  .trimEnd()
  .split('\n');

function pureTests() {
  const files = testFiles('pure');
  if (seed === undefined) return files;
  return shuffled(files, seed).slice(0, Math.ceil(files.length / 2));
}

function run(path) {
  const [, version] = /\/nodes\/(\d+)-/.exec(path);
  const name = `${isPure ? 'pure' : 'node'}-${version}`;
  return jestRun({
    name,
    command: (selection) => [path, 'node_modules/jest/bin/jest.js', '--runInBand', ...selection],
    words: [...words, ...chosen, ...leftOut],
    // So that a program called `node`, or a script with `#!/usr/bin/env node`, gets the same version.
    env: { ...process.env, PATH: `${dirname(path)}${delimiter}${process.env.PATH}` },
    ...(canRunBeside() && { makePlace: () => makePlace(name) }),
  });
}

const atOnce = canRunBeside() ? availableParallelism() : 1;
if (!(await allWell(paths, atOnce, run))) process.exitCode = 1;

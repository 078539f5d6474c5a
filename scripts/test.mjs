// Usage: test.mjs [--files LIST] | PATTERN... [OPTION-OF-JEST...]
// Runs every test on this machine, or those of the files that are the lines of LIST, in several runs of Jest beside each
// other if they can be kept apart (beside.mjs). With patterns or options of Jest's it is one run.
import { availableParallelism } from 'node:os';
import { balance } from './balance.mjs';
import { canRunBeside, makePlace } from './beside.mjs';
import { jestRun } from './jest-run.mjs';
import { allWell } from './named-run.mjs';
import { readLines, testFiles } from './test-files.mjs';

/** More shares than processors, since the times that they take are not quite the recorded ones. */
const SHARES = 6;

const args = process.argv.slice(2);
const files = args[0] === '--files' ? readLines(args[1]) : undefined;
const isChosen = (path) => files === undefined || files.includes(path);

const jest = (...options) => [process.execPath, 'node_modules/jest/bin/jest.js', ...options];

function parts() {
  const integration = balance(testFiles('integration').filter(isChosen), SHARES, 'host').map((share, index) => ({
    name: `host-${index + 1}`,
    options: ['--runInBand', '--selectProjects', 'integration'],
    paths: share,
  }));
  const pure = {
    name: 'host-pure',
    options: ['--maxWorkers', '2', '--selectProjects', 'pure'],
    paths: testFiles('pure').filter(isChosen),
  };
  return [...integration, pure].filter(({ paths }) => paths.length > 0);
}

const run = ({ name, options, paths }) =>
  jestRun({
    name,
    command: (selection) => jest(...options, ...selection),
    words: ['--runTestsByPath', ...paths],
    makePlace: () => makePlace(name),
  });

function runAsOne() {
  const words = files === undefined ? args : ['--runTestsByPath', ...files];
  return jestRun({ name: 'host', command: (selection) => jest('--runInBand', ...selection), words });
}

const areParts = (files !== undefined || args.length === 0) && canRunBeside();
if (!(await (areParts ? allWell(parts(), availableParallelism(), run) : runAsOne()))) process.exitCode = 1;

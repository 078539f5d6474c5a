// Usage: test.mjs [PATTERN...] [OPTION-OF-JEST...]
// Runs these tests on this machine; or all, in several runs of Jest beside each other, where they can be kept apart (beside.mjs).
// In an argument {} stands for the name of the run.
import { availableParallelism } from 'node:os';
import { canRunBeside, makePlace } from './beside.mjs';
import { allWell, namedRun } from './named-run.mjs';

/** Those that take long first. */
const PARTS = [
  { name: 'host-1', options: ['--selectProjects', 'integration', '--shard', '1/2'] },
  { name: 'host-2', options: ['--selectProjects', 'integration', '--shard', '2/2'] },
  { name: 'host-pure', options: ['--selectProjects', 'pure'] },
];

const args = process.argv.slice(2);
/** Whatever chooses tests is for one run: a part of them may be none. */
const choosesNone = args.every((arg) => /^--(json|outputFile=.*|verbose|silent|ci)$/.test(arg));

function run({ name, options }, place) {
  const words = [...options, ...args].map((arg) => arg.replaceAll('{}', name));
  const command = [process.execPath, 'node_modules/jest/bin/jest.js', '--runInBand', ...words];
  return namedRun({ name, command, place });
}

const isWell =
  choosesNone && canRunBeside()
    ? await allWell(PARTS, availableParallelism(), (part) => run(part, makePlace(part.name)))
    : await run({ name: 'host', options: [] });
if (!isWell) process.exitCode = 1;

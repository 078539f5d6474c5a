// Usage: test.mjs [PATTERN...] [OPTION-OF-JEST...]
// Runs the matching tests on this machine; or all, in several runs of Jest beside each other if they can be kept
// apart (beside.mjs). In an argument, {} stands for the name of the run.
import { availableParallelism } from 'node:os';
import { canRunBeside, makePlace } from './beside.mjs';
import { allWell, namedRun } from './named-run.mjs';

/** More shards than processors, because they take different times. */
const SHARDS = 4;

const PARTS = [
  ...Array.from({ length: SHARDS }, (_, index) => ({
    name: `host-${index + 1}`,
    options: ['--runInBand', '--selectProjects', 'integration', '--shard', `${index + 1}/${SHARDS}`],
  })),
  { name: 'host-pure', options: ['--maxWorkers', '2', '--selectProjects', 'pure'] },
];

const args = process.argv.slice(2);
/** Any other argument may select tests, and a part of the run may then have none. */
const isWhole = args.every((arg) => /^--(json|outputFile=.*|verbose|silent|ci)$/.test(arg));

function run({ name, options }, place) {
  const words = [...options, ...args].map((arg) => arg.replaceAll('{}', name));
  const command = [process.execPath, 'node_modules/jest/bin/jest.js', ...words];
  return namedRun({ name, command, place });
}

const isWell =
  isWhole && canRunBeside()
    ? await allWell(PARTS, availableParallelism(), (part) => run(part, makePlace(part.name)))
    : await run({ name: 'host', options: ['--runInBand'] });
if (!isWell) process.exitCode = 1;

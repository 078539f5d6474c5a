// The end of a run of the gate: where its time went, what was unstable, what failed, and the closing line.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureLines, isFailure } from './failures.mjs';
import { neverRunLines } from './never-run.mjs';
import { readRuns, testFiles } from './read.mjs';
import { slowestLines, stepLines } from './tables.mjs';
import { flawsOf, knownUnstable, readUnstable, retried, unstableLines } from './unstable.mjs';

/** With the closing line and an empty line before it, the last 40 lines of the output show what failed. */
const MOST_FAILURE_LINES = 38;

/**
 * Prints it, and returns whether the run is green. `ends` are those of the steps; `record` has Jest's results as
 * results/NAME.json for each of its runs, how each ended in results/runs.tsv (NAME, exit status, what it left behind), and
 * results/unstable.tsv. `isWhole` if everything ran. If the run fails without a failed test (lint, a leak, a crash), that
 * counts as one failure.
 */
export function printSummary({ ends, record, seconds, reason, isWhole }) {
  const runs = readRuns(join(record, 'results'));
  const files = runs.flatMap(testFiles);
  const sum = (key) => runs.reduce((sofar, { results }) => sofar + (results[key] ?? 0), 0);
  const seen = readUnstable(join(record, 'results'));
  // Of these Jest says only that they passed.
  const unstable = [...seen, ...retried(files)];
  const known = knownUnstable(readFileSync('test/unstable.md', 'utf8'));
  const lines = unstableLines(unstable, known.names);
  writeFileSync(join(record, 'unstable.txt'), lines.map((line) => `${line}\n`).join(''));

  const flaws = [
    ...(reason === undefined ? [] : [`FAILED: the run was ended: ${reason}`]),
    ...ends
      .filter(({ status }) => status !== 0)
      .map(({ name, status }) => `FAILED step: ${name} (${isFailure(status) ? `status ${status}` : status})`),
    ...known.flaws,
    ...flawsOf(unstable),
  ];
  const hasFailed = flaws.length > 0;
  const failed = Math.max(sum('numFailedTests') + sum('numRuntimeErrorTestSuites') - seen.length, hasFailed ? 1 : 0);
  for (const block of [
    isWhole ? neverRunLines(files) : [],
    slowestLines(files),
    stepLines(ends, seconds),
    lines,
    ...ends.filter(({ status }) => isFailure(status)).map(({ name, last }) => [`The end of ${name}:`, ...last]),
    hasFailed ? failureLines({ flaws, runs, files: without(files, seen), most: MOST_FAILURE_LINES }) : [],
  ]) {
    if (block.length > 0) console.log(`${block.join('\n')}\n`);
  }
  console.log(`${sum('numPassedTests') + seen.length} passed, ${failed} failed, ${sum('numPendingTests')} skipped`);
  return !hasFailed;
}

/** The files without what was unstable there, which is no failure. */
function without(files, seen) {
  return files.map((file) => {
    const isUnstable = ({ fullName }) =>
      seen.some(({ run, path, name }) => run === file.run && path === file.path && name === fullName);
    const tests = file.tests.filter((test) => !isUnstable(test));
    return {
      ...file,
      tests,
      hasFailed:
        file.hasFailed && (tests.length === file.tests.length || tests.some(({ status }) => status === 'failed')),
    };
  });
}

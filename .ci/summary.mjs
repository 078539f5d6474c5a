// Usage: summary.mjs DIRECTORY EXIT-STATUS
// Prints the end of a run of .ci/run: where its time went, what failed, and the closing line. DIRECTORY has steps.tsv
// (heading, seconds, exit status), and in results/ Jest's results as NAME.json for each of its runs, and runs.tsv
// (NAME, exit status, what it left behind). If .ci/run failed without a failed test (lint, a leak, a crash), that
// counts as one failure.
import { join } from 'node:path';
import { failureLines } from './summary/failures.mjs';
import { readRuns, readTable, testFiles } from './summary/read.mjs';
import { retriedLines } from './summary/retried.mjs';
import { slowestLines, stepLines } from './summary/tables.mjs';

/** With the closing line and an empty line before it, the last 40 lines of the output show what failed. */
const MOST_FAILURE_LINES = 38;

const [directory, status] = process.argv.slice(2);
const steps = readTable(join(directory, 'steps.tsv'));
const runs = readRuns(join(directory, 'results'));
const files = runs.flatMap(testFiles);
const sum = (key) => runs.reduce((sofar, { results }) => sofar + (results[key] ?? 0), 0);

const hasFailed = status !== '0';
const failed = Math.max(sum('numFailedTests') + sum('numRuntimeErrorTestSuites'), hasFailed ? 1 : 0);
for (const lines of [
  retriedLines(files),
  stepLines(steps),
  slowestLines(files),
  hasFailed || failed > 0 ? failureLines({ steps, runs, files, most: MOST_FAILURE_LINES }) : [],
]) {
  if (lines.length > 0) console.log(`${lines.join('\n')}\n`);
}
console.log(`${sum('numPassedTests')} passed, ${failed} failed, ${sum('numPendingTests')} skipped`);

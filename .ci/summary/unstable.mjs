// Tests that failed and then passed whenever they ran again, and the list of those that were seen before.
import { join } from 'node:path';
import { oneLine } from '../../scripts/jest-run.mjs';
import { readTable } from './read.mjs';

/** Of the list, and of one run of the gate. */
const MOST = 5;

/** @typedef {{ run: string, path: string, name: string, message: string }} Unstable */

/** What scripts/jest-run.mjs has noted in that directory. @returns {Unstable[]} */
export function readUnstable(directory) {
  const rows = readTable(join(directory, 'unstable.tsv'));
  return rows.map(([run, path, name, message]) => ({ run, path, name, message }));
}

/** Tests that Jest itself has tried once more, in an emulated guest (test/setup/retries.ts). @returns {Unstable[]} */
export function retried(files) {
  return files.flatMap(({ run, path, tests }) =>
    tests
      .filter(({ status, invocations }) => status === 'passed' && invocations > 1)
      .map(({ fullName: name, retryReasons: [reason = ''] }) => ({ run, path, name, message: oneLine(reason) })),
  );
}

/** @param {Unstable[]} seen @param {string[]} known names of the list */
export function unstableLines(seen, known) {
  return seen.map(({ run, path, name, message }) => {
    const test = `${path} > ${name}`;
    const advice = known.includes(test) ? '' : ', not in test/unstable.md yet';
    return `unstable: ${test}: ${message} (${run}${advice})`;
  });
}

/** What is wrong with a run that has seen so many. */
export function flawsOf(seen) {
  return seen.length > MOST ? [`FAILED: ${seen.length} tests were unstable, and ${MOST} are the most`] : [];
}

/** The tests that test/unstable.md names, as unstableLines() does, and what is wrong with it. */
export function knownUnstable(page) {
  const rows = page.split('\n').filter((line) => /^\| \d{4}-/.test(line));
  const names = rows.map((row) => row.split(' | ')[1]);
  const flaws =
    names.length > MOST
      ? [`FAILED: test/unstable.md has ${names.length} entries, and ${MOST} are the most: mend some`]
      : [];
  return { names, flaws };
}

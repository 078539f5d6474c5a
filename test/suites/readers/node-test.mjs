import { join, relative } from 'node:path';

const REPORTER = join(import.meta.dirname, 'node-reporter.mjs');

/** Words for Node that have its test runner write to that file. */
export const nodeReporter = (output) => [`--test-reporter=${REPORTER}`, `--test-reporter-destination=${output}`];

/** Words for Node that have only the tests of these names run, and those around them if these are suites. */
export function nodePatterns(names) {
  const own = names.map((name) =>
    name
      .split(' › ')
      .at(-1)
      .replace(/ \(\d+\)$/, ''),
  );
  return own.map((name) => `--test-name-pattern=/^${name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}/`);
}

export function readNodeTest(text, place) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ name, outcome, file }) => ({
      name,
      outcome,
      file: file === undefined ? undefined : relative(place, file),
    }));
}

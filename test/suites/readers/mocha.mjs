import { relative } from 'node:path';

/** The tests in what Mocha writes with `--reporter json`. */
export function readMocha(text, place) {
  const { passes, failures, pending } = JSON.parse(text);
  const read = (tests, outcome) =>
    tests.map(({ fullTitle, file }) => ({ name: fullTitle, outcome, file: relative(place, file) }));
  return [...read(passes, 'pass'), ...read(failures, 'fail'), ...read(pending, 'skip')];
}

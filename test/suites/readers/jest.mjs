import { relative } from 'node:path';

const OUTCOMES = { passed: 'pass', failed: 'fail' };

/** The tests in what Jest writes with --json. A file that could not run counts as a failed test. */
export function readJest(text, place) {
  return JSON.parse(text).testResults.flatMap(({ name, assertionResults, status }) => {
    const file = relative(place, name);
    if (assertionResults.length === 0 && status === 'failed') return [{ name: file, outcome: 'fail', file }];
    return assertionResults.map(({ fullName, status: each }) => ({
      name: `${file}: ${fullName}`,
      outcome: OUTCOMES[each] ?? 'skip',
      file,
    }));
  });
}

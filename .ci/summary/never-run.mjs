const HAS_RUN = new Set(['passed', 'failed']);

/** What describeIf() of test/support/require.ts adds where it skips a block, and nowhere else. */
const NEEDS = / \(needs [a-z\d, -]+\)/g;

/** Tests that were skipped in each run in which they are, as `path` and `fullName`. */
export function neverRun(files) {
  const skipped = new Map();
  const ran = new Set();
  for (const { path, tests } of files) {
    for (const { fullName, status } of tests) {
      const key = `${path}\n${fullName.replaceAll(NEEDS, '')}`;
      if (HAS_RUN.has(status)) ran.add(key);
      else skipped.set(key, { path, fullName });
    }
  }
  return [...skipped].filter(([key]) => !ran.has(key)).map(([, test]) => test);
}

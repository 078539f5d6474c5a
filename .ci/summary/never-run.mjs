const HAS_RUN = new Set(['passed', 'failed']);

/** What describeIf() of test/support/require.ts adds where it skips a block, and nowhere else. */
const NEEDS = / \(needs [a-z\d, -]+\)/g;

/** One line for each file with tests that no run of the gate has run: nobody would see that they fail. */
export function neverRunLines(files) {
  const counts = new Map();
  for (const { path, fullName } of neverRun(files)) {
    const what = `${path}${(fullName.match(NEEDS) ?? []).join('')}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `skipped in every run: ${count} of ${what}`);
}

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

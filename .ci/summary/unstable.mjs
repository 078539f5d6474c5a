// Tests that failed and then passed whenever they ran again, and the list of those that were seen before.

const MOST_ENTRIES = 5;

/**
 * @param {{ run: string, path: string, name: string, message: string }[]} seen
 * @param {string[]} known names of the list
 */
export function unstableLines(seen, known) {
  return seen.map(({ run, path, name, message }) => {
    const test = `${path} > ${name}`;
    const advice = known.includes(test) ? '' : ', not in test/unstable.md yet';
    return `unstable: ${test}: ${message} (${run}${advice})`;
  });
}

/** The tests that test/unstable.md names, and what is wrong with it. */
export function knownUnstable(page) {
  const rows = page.split('\n').filter((line) => /^\| \d{4}-/.test(line));
  const names = rows.map((row) => row.split(' | ')[1]);
  const flaws =
    names.length > MOST_ENTRIES
      ? [`FAILED: test/unstable.md has ${names.length} entries, and ${MOST_ENTRIES} are the most: mend some`]
      : [];
  return { names, flaws };
}

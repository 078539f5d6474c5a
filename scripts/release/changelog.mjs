// The headings of CHANGELOG.md.

const UNRELEASED = '## [Unreleased]\n';

/**
 * Gives what is unreleased the heading of a version, below an empty heading for what comes next.
 *
 * @param {string} text the changelog
 * @param {{ version: string, date: string }} release `date` as YYYY-MM-DD
 */
export function withHeading(text, { version, date }) {
  const [before, after] = text.split(UNRELEASED);
  if (after === undefined) throw new Error(`CHANGELOG.md has no heading ${UNRELEASED.trim()}`);
  const [news] = after.split(/^## /m);
  if (news.trim() === '') throw new Error('CHANGELOG.md has nothing that is unreleased');
  return `${before}${UNRELEASED}\n## [${version}] - ${date}\n${after}`;
}

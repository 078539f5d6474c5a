// Shares test files out so that all shares take about the same time, by what each took before (test/times.json).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../test/times.json'), 'utf8'));

/** What a file of which nothing is recorded takes, in seconds. */
const UNKNOWN = 5;

/** That many shares of these files, the longest file of each first. `where`: a machine of test/times.json. */
export function balance(files, count, where) {
  const seconds = (file) => recorded[where]?.[file] ?? UNKNOWN;
  const shares = Array.from({ length: count }, () => ({ files: [], total: 0 }));
  for (const file of files.toSorted((a, b) => seconds(b) - seconds(a))) {
    const least = shares.reduce((best, share) => (share.total < best.total ? share : best));
    least.files.push(file);
    least.total += seconds(file);
  }
  return shares.map(({ files: share }) => share);
}

// Shares test files out so that all shares take about the same time, by what each took before (test/times.json).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../test/times.json'), 'utf8'));

/** What a file takes on the host of which nothing is recorded, in seconds. */
const UNKNOWN = 5;
/** How much longer it takes in a guest: most take less. */
const SLOWNESS = 3;
/** To load a file takes as long where it skips all its tests. */
const LEAST = 1;

/** What a file takes there, in seconds. `where`: a machine of test/times.json. */
export function secondsOn(where, file) {
  const unknown = () => (where === 'host' ? UNKNOWN : SLOWNESS * secondsOn('host', file));
  return Math.max(LEAST, recorded[where]?.[file] ?? unknown());
}

/** That many shares of these files, the longest file of each first. */
export function balance(files, count, where) {
  const seconds = (file) => secondsOn(where, file);
  const shares = Array.from({ length: count }, () => ({ files: [], total: 0 }));
  for (const file of files.toSorted((a, b) => seconds(b) - seconds(a))) {
    const least = shares.reduce((best, share) => (share.total < best.total ? share : best));
    least.files.push(file);
    least.total += seconds(file);
  }
  return shares.map(({ files: share }) => share);
}

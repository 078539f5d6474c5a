import { isFailure } from './failures.mjs';

const SLOWEST = 10;

/**
 * The steps in order. Steps that ran beside others have their own times, so the times add up to more than the total.
 */
export function stepLines(steps) {
  const rows = steps.map(([heading, seconds, status]) => [
    `${seconds} s`,
    status === '0' ? heading : `${heading}: ${isFailure(status) ? `FAILED with status ${status}` : status}`,
  ]);
  return titled('Steps:', rows);
}

export function slowestLines(files) {
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  return titled(
    'Slowest test files:',
    slowest.map(({ seconds, run, path }) => [`${seconds.toFixed(1)} s`, `${run}: ${path}`]),
  );
}

/** Puts the times at the right of the first column. */
function titled(title, rows) {
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(([time]) => time.length));
  return [title, ...rows.map(([time, text]) => `  ${time.padStart(width)}  ${text}`)];
}

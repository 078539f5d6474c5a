import { WHOLE_MINUTES } from '../steps/table.mjs';
import { isFailure } from './failures.mjs';

const SLOWEST = 10;

/** The steps in the order in which they ended, then those that took longer than they may, and the whole. */
export function stepLines(ends, seconds) {
  const whole = { name: 'the whole', seconds, minutes: WHOLE_MINUTES };
  const took = [...ends.filter((end) => end.seconds !== undefined), whole];
  const rows = ends.map(({ name, seconds: each, status }) => [
    each === undefined ? '' : `${each} s`,
    status === 0 ? name : `${name}: ${isFailure(status) ? `FAILED with status ${status}` : status}`,
  ]);
  const over = took.filter(({ seconds: each, minutes }) => each > minutes * 60);
  const overRows = over.map(({ name, seconds: each, minutes }) => [`${each} s`, `${name}: ${minutes * 60} s`]);
  return [
    ...titled('Steps (up to three at a time):', rows),
    ...titled('Over their budget:', overRows),
    `The whole: ${seconds} s (${(seconds / 60).toFixed(1)} of ${WHOLE_MINUTES} minutes)`,
  ];
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

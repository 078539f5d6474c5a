import { stripVTControlCharacters } from 'node:util';

/** The longest line that is not broken into two where it is shown. */
const LONGEST = 200;

/** Whether a step failed by itself. One that was ended with the run, or never started, has no status. */
export const isFailure = (status) => /^([1-9]\d*|SIG\w+)$/.test(status);

/**
 * After the `flaws` of the run, describes each failure of a test in one line, and if there is room for it says what was wrong,
 * in up to `most` lines.
 */
export function failureLines({ flaws, runs, files, most }) {
  const failures = [...runs.flatMap((run) => unexplained(run, files)), ...files.flatMap(failuresOf)];
  if (failures.length === 0) failures.push({ line: 'No test failed: what did is told above.' });
  // The last line says how many more there are.
  const room = most - flaws.length;
  const shown = failures.length <= room ? failures : failures.slice(0, room - 1);
  const rest = failures.length - shown.length;
  const each = Math.floor((room - shown.length) / shown.length);
  const lines = shown.flatMap(({ line, why = '' }) => [shorten(line), ...reasonLines(why).slice(0, each)]);
  return [...flaws, ...lines, ...(rest > 0 ? [`... and ${rest} more`] : [])];
}

/** What a message of Jest's says, without the lines that every one has. */
function reasonLines(message) {
  return stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => /\w/.test(line) && !/^\s*at /.test(line))
    .map((line) => `  ${shorten(line)}`);
}

function failuresOf({ run, path, hasFailed, message, tests }) {
  const failed = tests.filter(({ status }) => status === 'failed');
  if (failed.length > 0) {
    return failed.map(({ fullName, failureMessages }) => ({
      line: `FAILED ${run}: ${fullName} (${path})`,
      why: failureMessages?.[0],
    }));
  }
  return hasFailed ? [{ line: `FAILED ${run}: ${path} as a whole: ${message}` }] : [];
}

/** A run that has left something in its place, or that failed without a failed test. */
function unexplained({ name, status = '0', left, results }, files) {
  if (left !== '') return [{ line: `FAILED ${name}: left behind ${left}` }];
  if (status === '0' || files.some(({ run, hasFailed }) => run === name && hasFailed)) return [];
  const what = results.testResults === undefined ? 'it has left no result' : 'something was left behind, or it crashed';
  return [{ line: `FAILED ${name}: no test of it, but it ended with ${status}: ${what}` }];
}

function shorten(line) {
  const flat = line.replaceAll(/\s+/g, ' ').trim();
  return flat.length <= LONGEST ? flat : `${flat.slice(0, LONGEST - 3)}...`;
}

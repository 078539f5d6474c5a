// Reads what the checks of the package print (TAP, https://testanything.org), line by line.

export const nothingRead = () => ({ passed: [], failed: [], planned: undefined });

/** Adds what that line says. */
export function readLine(line, seen) {
  const [, result, check] = /^(ok|not ok) - (.*)$/.exec(line) ?? [];
  if (result !== undefined) seen[result === 'ok' ? 'passed' : 'failed'].push(check);
  const [, planned] = /^1\.\.(\d+)$/.exec(line) ?? [];
  if (planned !== undefined) seen.planned = Number(planned);
}

/** What is wrong with a run as a whole: a crash, or checks that did not run, look like success or like one failed check. */
export function flaws({ passed, failed, planned }, status, signal) {
  const found = [];
  const done = passed.length + failed.length;
  if (done !== planned) found.push(`${done} checks ran of ${planned ?? 'an unknown number'}`);
  // The checks end with 1 if one of them fails, and with 0 if none does.
  if (status !== (failed.length > 0 ? 1 : 0)) found.push(`it ended with ${status ?? signal}`);
  return found;
}

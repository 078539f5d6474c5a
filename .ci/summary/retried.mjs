/** Tests that passed only on a second try, in an emulated guest. */
export function retriedLines(files) {
  return files.flatMap(({ run, tests }) =>
    tests
      .filter(({ status, invocations }) => status === 'passed' && invocations > 1)
      .map(({ fullName }) => `passed at its second try, ${run}: ${fullName}`),
  );
}

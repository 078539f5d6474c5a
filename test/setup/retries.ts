// An emulated guest pauses for seconds, which no timeout can foresee. There, and nowhere else, Jest tries a failed
// test once more. It prints the first failure, and the summary of .ci/run names the test as unstable.
if (process.env.MEMCAGE_TEST_GUEST === 'tcg') {
  jest.retryTimes(1, { logErrorsBeforeRetry: true });
}

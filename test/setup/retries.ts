// An emulated guest has pauses of seconds, which no time-out foresees. There, and nowhere else, a test that fails is tried once
// more; its first failure is printed, and the summary of .ci/run names it.
if (process.env.MEMCAGE_TEST_GUEST === 'tcg') {
  jest.retryTimes(1, { logErrorsBeforeRetry: true });
}

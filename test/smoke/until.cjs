const { setTimeout: sleep } = require('node:timers/promises');

const DEADLINE_MS = 10_000;

/** Waits until the condition holds. */
exports.until = async (condition, what = 'the condition') => {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`after ${DEADLINE_MS} ms still not: ${what}`);
    await sleep(20);
  }
};

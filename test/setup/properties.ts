import { seedOf } from '../support/random';

// How many inputs each property of fast-check gets where a test does not say, and from which seed. Without a seed each
// run has another, which a failure names.
const runs = process.env.MEMCAGE_TEST_RUNS;
const seed = process.env.MEMCAGE_TEST_SEED === undefined ? undefined : seedOf();

if (runs !== undefined || seed !== undefined) {
  const { configureGlobal } = require('fast-check') as typeof import('fast-check');
  configureGlobal({
    ...(runs !== undefined && { numRuns: Number(runs) }),
    ...(seed !== undefined && { seed }),
  });
}

// Writes what was seen as .ci/run and the matrix read it: as Jest and test/setup/surroundings.ts would.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Under that name in MEMCAGE_TEST_RESULTS, if that is set. The counts are numbers of checks. */
export function record(name, { passed, failed, skipped = 0 }, surroundings) {
  const { MEMCAGE_TEST_RESULTS: results } = process.env;
  if (results === undefined) return;
  const path = join(results, `${name}.json`);
  const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped };
  writeFileSync(path, JSON.stringify(counts));
  if (surroundings !== undefined) writeFileSync(`${path}.surroundings`, JSON.stringify(surroundings));
  appendFileSync(join(results, 'runs.tsv'), `${name}\t${failed === 0 ? 0 : 1}\n`);
}

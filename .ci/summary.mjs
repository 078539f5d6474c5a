// Usage: summary.mjs DIRECTORY-OF-JEST-RESULTS EXIT-STATUS
// Names the tests that passed only when they were tried once more, and prints the closing line. A run that failed without a
// failed test (lint, a leak, a crash) counts as one failure.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory, status] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(directory)) {
  const text = readFileSync(join(directory, name), 'utf8');
  const results = text === '' ? {} : JSON.parse(text);
  total.passed += results.numPassedTests ?? 0;
  total.failed += (results.numFailedTests ?? 0) + (results.numRuntimeErrorTestSuites ?? 0);
  total.skipped += results.numPendingTests ?? 0;
  const retried = (results.testResults ?? [])
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((test) => test.status === 'passed' && test.invocations > 1);
  for (const { fullName } of retried) console.log(`passed at its second try, ${name}: ${fullName}`);
}
const failed = Math.max(total.failed, status === '0' ? 0 : 1);
console.log(`${total.passed} passed, ${failed} failed, ${total.skipped} skipped`);

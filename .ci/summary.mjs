// Usage: summary.mjs JEST-RESULTS EXIT-STATUS
// Prints the closing line. A run that failed without a failed test (lint, a leak, a crash) counts as one failure.
import { readFileSync } from 'node:fs';

const [resultsPath, status] = process.argv.slice(2);
const text = readFileSync(resultsPath, 'utf8');
const results = text === '' ? {} : JSON.parse(text);
const {
  numPassedTests: passed = 0,
  numFailedTests = 0,
  numRuntimeErrorTestSuites = 0,
  numPendingTests: skipped = 0,
} = results;
const failed = Math.max(numFailedTests + numRuntimeErrorTestSuites, status === '0' ? 0 : 1);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);

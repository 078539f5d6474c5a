// Usage: lint.mjs [NAME...]
// Runs these parts of `npm run lint`, or all, at the same time, and prints the output of each when it ends. Each is a
// script `lint:NAME` of package.json. The last line names those that failed.
import { execFile } from 'node:child_process';

/**
 * The slow ones come first. None reads what another writes: dist/ (package), build/ without its programs (native),
 * build/api (docs), build/site (site).
 */
const PARTS = [
  'native',
  'eslint',
  'types',
  'site',
  'docs',
  'package',
  'unused',
  'rooms',
  'format',
  'shell',
  'workflows',
  'binary',
];

/** Resolves to whether the part is clean. */
function lint(name) {
  const started = performance.now();
  return new Promise((resolve) => {
    execFile(
      'npm',
      ['run', '--silent', `lint:${name}`],
      { maxBuffer: Number.POSITIVE_INFINITY },
      (error, ...outputs) => {
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        console.log(`=== lint:${name}: ${error === null ? 'done' : 'FAILED'} in ${seconds} s`);
        process.stdout.write(outputs.join(''));
        resolve(error === null);
      },
    );
  });
}

const names = process.argv.length > 2 ? process.argv.slice(2) : PARTS;
const clean = await Promise.all(names.map(lint));
const failed = names.filter((_, index) => !clean[index]);
console.log(failed.length === 0 ? 'All is clean.' : `FAILED: ${failed.map((name) => `lint:${name}`).join(', ')}`);
if (failed.length > 0) process.exitCode = 1;

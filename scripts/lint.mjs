// Usage: lint.mjs [NAME...]
// Runs these parts of `npm run lint`, or all, at the same time, and prints the output of each when it ends. Each is a
// script `lint:NAME` of package.json. The last line names those that failed.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * The slow ones come first. None reads what another writes: dist/ (package), build/ without its programs (native),
 * build/api (docs), build/site (site).
 */
const PARTS = [
  'types',
  'native',
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

const TESTS = String.raw`test\/(pure|integration|support|setup|types)\/.*\.ts$`;
/**
 * What the slow parts that not every change can spoil do not read. In the gate, a part does not run if nothing else has
 * changed.
 */
const UNREAD = {
  native: new RegExp(String.raw`^(lib|types|bench|examples|docs|surface|\.vitepress)\/|^${TESTS}|^[A-Z]+\.md$`),
  site: new RegExp(String.raw`^(lib|native|bench)\/.*\.(ts|cc|h)$|^${TESTS}`),
};

function isUntouched(name) {
  const { MEMCAGE_TEST_CHANGED: list } = process.env;
  if (list === undefined || UNREAD[name] === undefined) return false;
  return readFileSync(list, 'utf8')
    .trimEnd()
    .split('\n')
    .every((path) => UNREAD[name].test(path));
}

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

const wanted = process.argv.length > 2 ? process.argv.slice(2) : PARTS;
const names = wanted.filter((name) => !isUntouched(name));
for (const name of wanted.filter(isUntouched)) console.log(`=== lint:${name}: nothing that it reads has changed`);
const clean = await Promise.all(names.map(lint));
const failed = names.filter((_, index) => !clean[index]);
console.log(failed.length === 0 ? 'All is clean.' : `FAILED: ${failed.map((name) => `lint:${name}`).join(', ')}`);
if (failed.length > 0) process.exitCode = 1;

/** @starts-children Node, which loads modules that Jest can't */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const SUMMARY = join(root, '.ci/summary/summary.mjs');

interface Run {
  /** Names of tests of a.test.ts that failed, and then passed. */
  unstable?: string[];
  /** What Jest says of tests of a.test.ts. */
  tests?: object[];
  seconds?: number;
}

/** What is printed of a run in which no step fails, without the closing line, which `closing` is. */
function summaryOf({ unstable = [], tests = [], seconds = 60 }: Run): { lines: string[]; closing: string } {
  const record = mkdtempSync(join(tmpdir(), 'memcage-summary-'));
  try {
    const results = join(record, 'results');
    mkdirSync(results);
    const rows = unstable.map((name) => ['host-1', 'test/a.test.ts', name, 'no'].join('\t'));
    writeFileSync(join(results, 'unstable.tsv'), rows.join('\n'));
    const file = { name: join(root, 'test/a.test.ts'), status: 'passed', message: '', startTime: 0, endTime: 1000 };
    const counts = { numPassedTests: tests.length, numFailedTests: unstable.length };
    writeFileSync(
      join(results, 'old.json'),
      JSON.stringify({ ...counts, testResults: [{ ...file, assertionResults: tests }] }),
    );
    const run = { ends: [{ name: 'tests', status: 0, seconds: 50, minutes: 1 }], record, seconds };
    const program = `import { printSummary } from ${JSON.stringify(SUMMARY)};
      console.log(printSummary(${JSON.stringify(run)}));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: root,
      encoding: 'utf8',
    });
    const lines = output.trimEnd().split('\n');
    return { closing: lines.splice(-2).join(', green: '), lines };
  } finally {
    rmSync(record, { recursive: true });
  }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `test ${index}`);

test('five unstable tests are told, and forgiven', () => {
  const { lines, closing } = summaryOf({ unstable: names(5) });
  expect(lines.filter((line) => line.startsWith('unstable: test/a.test.ts > test '))).toHaveLength(5);
  expect(closing).toBe('5 passed, 0 failed, 0 skipped, green: true');
});

test('six are not, in whichever runs of Jest they were', () => {
  const { lines, closing } = summaryOf({ unstable: names(6) });
  expect(lines).toContain('FAILED: 6 tests were unstable, and 5 are the most');
  expect(closing).toBe('6 passed, 1 failed, 0 skipped, green: false');
});

test('one that Jest itself tried once more is told as unstable', () => {
  const retried = {
    fullName: 'slow',
    status: 'passed',
    invocations: 2,
    retryReasons: ['Error: \u001b[31mnot\u001b[39m\n  now'],
  };
  const { lines, closing } = summaryOf({ tests: [retried, { ...retried, fullName: 'quick', invocations: 1 }] });
  expect(lines.filter((line) => line.includes('unstable'))).toEqual([
    'unstable: test/a.test.ts > slow: Error: not now (old, not in test/unstable.md yet)',
  ]);
  expect(closing).toBe('2 passed, 0 failed, 0 skipped, green: true');
});

test('the whole has a budget too, and is told apart once it is over it', () => {
  expect(summaryOf({ seconds: 1680 }).lines).toContain('The whole: 1680 s (28.0 of 28 minutes)');
  expect(summaryOf({ seconds: 1680 }).lines).not.toContain('Over their budget:');
  expect(summaryOf({ seconds: 1690 }).lines).toEqual(
    expect.arrayContaining(['Over their budget:', '  1690 s  the whole: 1680 s']),
  );
});

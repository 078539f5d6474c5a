/**
 * Jest with caged workers: a test that takes all memory fails alone, and harms neither the other tests nor the
 * machine. Jest starts its workers as always. They are in the cage because Jest runs in its context. Each has a limit of its
 * own: below a common one, the kernel may kill another worker that needs memory while the first is ending.
 *
 *   npm run build && npm run build:programs && node out/examples/jest-workers.mjs
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildArgv, runCLI } from 'jest';
import { createCage, type OomEvent } from 'memcage';
import { exitWith, Report } from './support/report.mts';

const LIMIT = '500M';
const TOTAL = '1G';

const tests = {
  'adds.test.js': "test('adds', () => expect(1 + 2).toBe(3));",
  'greedy.test.js': "test('takes all', () => { Buffer.alloc(2 ** 31, 1); });",
  'caged.test.js': `
    const cgroups = require('node:fs').readFileSync('/proc/self/cgroup', 'utf8');
    test('is in a cage', () => expect(cgroups).toContain('memcage-'));`,
  'fails.test.js': "test('fails as ever', () => expect(1 + 2).toBe(4));",
};

/** An ordinary project. */
function makeProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'memcage-example-'));
  mkdirSync(join(project, 'test'));
  for (const [name, text] of Object.entries(tests)) writeFileSync(join(project, 'test', name), text);
  const jest = { maxWorkers: 2, reporters: [], cacheDirectory: '<rootDir>/cache', watchman: false };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', jest }));
  return project;
}

async function main(): Promise<number> {
  const report = new Report();
  const project = makeProject();
  const cage = createCage({ memory: TOTAL, perChild: { memory: LIMIT } });
  const kill = once(cage, 'oom') as Promise<[OomEvent]>;
  try {
    report.title(`Jest, each of its two workers within ${LIMIT}`);
    const argv = await buildArgv([`--rootDir=${project}`]);
    const { results } = await cage.contain(() => runCLI(argv, [project]));

    const ends = results.testResults.map(({ testFilePath, testExecError, numFailingTests }): [string, string] => [
      basename(testFilePath),
      testExecError?.message ?? (numFailingTests > 0 ? 'failed' : 'passed'),
    ]);
    const expected: Record<string, RegExp> = {
      'adds.test.js': /^passed$/,
      'caged.test.js': /^passed$/,
      'fails.test.js': /^failed$/,
      'greedy.test.js': /terminated by another process: signal=SIGKILL/,
    };
    for (const [name, end] of ends.sort()) {
      report.check(name, end.replace(/ \(pid=\d+\)|, exitCode.*/gs, ''), expected[name]?.test(end) ?? false);
    }
    report.check('test files', ends.length, ends.length === Object.keys(tests).length);
    const [{ cause, totalKills }] = await kill;
    report.check(
      'the reason',
      `${cause} with ${LIMIT}, kills: ${totalKills}`,
      cause === 'descendant' && totalKills === 1,
    );
  } finally {
    await cage.close();
    rmSync(project, { recursive: true });
  }
  return report.end();
}

exitWith(main());

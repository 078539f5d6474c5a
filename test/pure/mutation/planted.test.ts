/** @starts-children a run of Jest with mutants, which ends by itself */
import { spawnSync } from 'node:child_process';
import { patience } from '../../support/patience';

const FILE = 'lib/oom/was-hit-v1.ts';
const TEST = 'test/pure/oom/was-hit-v1.test.ts';

jest.setTimeout(patience(120_000));

/** Jest would take what it tells its own children for its own. */
const { JEST_WORKER_ID: _, NODE_OPTIONS: __, ...env } = process.env;
const run = (...args: string[]) =>
  spawnSync(process.execPath, ['test/mutation/run.mjs', ...args, FILE], { encoding: 'utf8', env });

test('mutants are killed by the tests that there are', () => {
  const { status, stdout, stderr } = run();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/mutants: \d\d killed by tests, \d+ by the compiler, 0 survive, 0 of them not explained/);
});

test('a test that is missing is noticed', () => {
  const { status, stdout } = run('--without', TEST);
  expect(status).toBe(1);
  expect(stdout).toContain(`survived: ${FILE}:`);
  expect(stdout).toMatch(/mutants: 0 killed by tests/);
});

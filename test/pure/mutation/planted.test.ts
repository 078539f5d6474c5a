/** @starts-children a run of Jest with mutants, which ends by itself */
import { spawnSync } from 'node:child_process';
import { patience } from '../../support/patience';

// Few tests reach it, so that this is quick.
const FILE = 'lib/common/options/native-options.ts';
const TEST = 'test/pure/common/options/native-options.test.ts';

jest.setTimeout(patience(240_000));

const run = (...args: string[]) =>
  spawnSync(process.execPath, ['test/mutation/run.mjs', ...args, FILE], { encoding: 'utf8' });

test('mutants are killed by the tests that there are', () => {
  const { status, stdout, stderr } = run();
  expect({ status, stderr, stdout }).toEqual({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/mutants: [1-9]\d* killed by tests, .* 0 of them not explained/) as string,
  });
});

test('a test that is missing is noticed', () => {
  const { status, stdout } = run('--without', TEST);
  expect({ status, stdout }).toEqual({
    status: 1,
    stdout: expect.stringContaining(`survived: ${FILE}:`) as string,
  });
});

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(120_000));

const RUN = join(__dirname, '../../suites/run.mjs');
const [major = ''] = process.versions.node.split('.');

const run = (...args: string[]) => {
  const words = [RUN, '--node', major, '--again', '2', ...args, 'planted'];
  return spawnSync(process.execPath, words, { encoding: 'utf8' });
};

describeIf('cgroup', "other projects' suites", () => {
  test('a test that fails only contained is found, and no other', () => {
    const { status, stdout, stderr } = run();
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain(`| planted |  | ${major} | 3 | 1 | 1 | 3 | 1 | 2 |`);
    expect(stdout.match(/planted, Node \d+: .*: pass stock, fail contained/g)).toEqual([
      `planted, Node ${major}: a child › is in no cage: pass stock, fail contained`,
      `planted, Node ${major}: a child: pass stock, fail contained`,
    ]);
    expect(stdout.match(/again: .*/g)).toEqual(
      Array(2).fill('again: passes 2 of 2 stock, 0 contained: fails contained'),
    );
  });
});

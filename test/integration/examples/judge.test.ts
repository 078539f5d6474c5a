import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expectChecked } from '../../support/docs/example-programs';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

const submissions = join(__dirname, '../../../examples/judge/submissions');

jest.setTimeout(patience(120_000));

describeIf(['cgroup', 'root', 'gcc', 'python3', 'pids', 'cpu', 'seccomp'], 'with the compilers of the judge', () => {
  test('judge', async () => {
    const groups = readdirSync(submissions).map((title) => ({ title, files: readdirSync(join(submissions, title)) }));
    const judged = groups.flatMap(({ title, files }) => [
      '',
      title,
      ...files.map((file) => new RegExp(`^✓ ${file} \\w`)),
    ]);
    expect(groups.flatMap(({ files }) => files).length).toBe(62);
    const left = ['cages', 'processes', 'System V memory', 'mounts', 'directories'].map((what) => `✓ ${what} 0`);
    await expectChecked('judge', [...judged, '', 'What is left', ...left]);
  });
});

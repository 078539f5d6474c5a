import { groups } from '../../../examples/judge/submissions.mts';
import { expectChecked } from '../../support/docs/example-programs';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(120_000));

describeIf(['cgroup', 'root', 'gcc', 'python3', 'pids', 'cpu', 'seccomp'], 'with the compilers of the judge', () => {
  test('judge', async () => {
    const judged = groups.flatMap(({ title, submissions }) => [
      '',
      title,
      ...submissions.map(({ name }) => new RegExp(`^✓ ${name} \\w`)),
    ]);
    const left = ['cages', 'processes', 'System V memory', 'mounts', 'directories'].map((what) => `✓ ${what} 0`);
    await expectChecked('judge', [...judged, '', 'What is left', ...left]);
  });
});

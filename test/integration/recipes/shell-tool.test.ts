import { examplesOf } from '../../support/docs/doc-examples';
import { killed, resultOf } from '../../support/docs/recipe-result';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'host'], 'the shell tool of an agent', () => {
  let project: UserProject;
  beforeAll(() => {
    project = makeUserProject([]);
  });
  afterAll(() => project.remove());

  test('tells the model what the command printed, and why it ended', async () => {
    const [program] = examplesOf('docs/guides/agents.md');
    const [tool = ''] = program?.text.split('\nconsole.log') ?? [];
    // The test does not wait for a minute.
    const quick = tool.replace('60_000', '1_000').replace(/^import.*$/m, '');
    expect(quick).toContain('timeout: 1_000');
    const told = await resultOf(
      project,
      `${tool}
       process.env.API_KEY = 'secret';
       const slow = await (async () => { ${quick} return shell({ command: 'echo begun; sleep 60' }); })();
       const told = [];
       for (const command of [
         'echo fine $API_KEY',
         'echo so far; tail /dev/zero 2>/dev/null; exit 3',
         'echo bad >&2; exit 3',
         'yes',
         'tail /dev/zero 2>/dev/null; echo "goes on: $?"',
       ])
         told.push(await shell({ command }));
       console.log(JSON.stringify([slow, ...told]));`,
    );
    expect(told).toEqual([
      'bash did not end within 1000 ms\nbegun',
      'fine',
      expect.stringMatching(`^${killed('bash', '200 MiB')}.*\nso far\n`),
      'bash ended with exit code 3: bad\nbad',
      expect.stringMatching(/^bash wrote more than 100000 bytes to stdout\n(y\n)+y$/),
      expect.stringMatching(`^${killed('bash', '200 MiB')}.*\ngoes on: 137\n`),
    ]);
  });
});

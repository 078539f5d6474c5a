import { killed, resultOf, victim } from '../../support/docs/recipe-result';
import { recipe } from '../../support/docs/recipes';
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
    const code = recipe('docs/guides/agents.md', 'A shell tool');
    // The test does not wait for a minute.
    const quick = code.replace('60_000', '1_000');
    expect(quick).not.toBe(code);
    const told = await resultOf(
      project,
      `import { run } from 'memcage';
       ${code}
       const slow = await (() => { ${quick} return shell({ command: 'echo begun; sleep 60' }); })();
       const told = [];
       for (const command of ['echo fine', 'echo so far; tail /dev/zero; exit 3', 'echo bad >&2; exit 3', 'yes'])
         told.push(await shell({ command }));
       console.log(JSON.stringify([slow, ...told]));`,
    );
    expect(told).toEqual([
      expect.stringMatching(/^bash did not end within 1000 ms\nbegun\n/),
      expect.stringMatching(/^\nfine\n/),
      expect.stringMatching(`^${killed('bash', '200 MiB')}.*\nso far\n`),
      'bash ended with exit code 3\n\nbad\n',
      expect.stringMatching(/^bash wrote more than 100000 bytes to stdout\n(y\n)+\n$/),
    ]);
  });

  test('a command that hides the kill does not hide it from the model', async () => {
    const told = await resultOf(
      project,
      `import { run } from 'memcage';
       const shell = async (command) => {
         ${recipe('docs/guides/agents.md', 'A shell tool', 1)}
         return told;
       };
       console.log(JSON.stringify([await shell('echo fine'), await shell('tail /dev/zero; echo "goes on: $?"')]));`,
    );
    expect(told).toEqual(['fine\n', expect.stringMatching(`^goes on: 137\n${victim('200 MiB')}$`)]);
  });
});

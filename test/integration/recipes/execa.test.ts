import { resultOf, victim } from '../../support/docs/recipe-result';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'host'], "execa's result, beside what the cage says", () => {
  let project: UserProject;
  beforeAll(() => {
    project = makeUserProject(['execa']);
  });
  afterAll(() => project.remove());

  test('of commands that end well, fail, and take too much', async () => {
    const results = await resultOf(
      project,
      `import { execa } from 'execa';
       import { createCage } from 'memcage';
       async function tool(command) {
         ${recipe('docs/guides/agents.md', 'With execa')}
         return [result.stdout, result.shortMessage ?? '', verdict];
       }
       const results = [];
       for (const command of ['echo fine', 'kill -KILL $$', 'tail /dev/zero; kill -KILL $$', 'cat /proc/self/cgroup'])
         results.push(await tool(command));
       console.log(JSON.stringify(results));`,
    );
    const short = expect.stringMatching(/^Command was killed with SIGKILL/);
    expect(results).toEqual([
      ['fine', '', ''],
      ['', short, ''],
      ['', short, expect.stringMatching(`^${victim('200 MiB')}$`)],
      [expect.stringContaining('memcage-'), '', ''],
    ]);
  });
});

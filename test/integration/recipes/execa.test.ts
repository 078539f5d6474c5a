import { startIn } from '../../support/docs/project-program';
import { resultOf, victim } from '../../support/docs/recipe-result';
import { programFile, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'host'], "execa's result, beside what the cage says", () => {
  let project: UserProject;
  beforeAll(() => {
    project = makeUserProject(['execa']);
    writeProgram('docs/guides/agents.md', project);
  });
  afterAll(() => project.remove());

  test('of commands that end well, fail, and take too much', async () => {
    const call = "console.log(await shell('tail /dev/zero'));";
    const program = programFile('docs/guides/agents.md', 'tool.mjs');
    expect(program).toContain(call);
    const results = await resultOf(
      project,
      program.replace(
        call,
        () => `const results = [];
         for (const command of ['echo fine', 'kill -KILL $$', 'tail /dev/zero; kill -KILL $$', 'cat /proc/self/cgroup'])
           results.push(await shell(command));
         console.log(JSON.stringify(results));`,
      ),
    );
    const short = expect.stringMatching(/^Command was killed with SIGKILL/);
    expect(results).toEqual([
      ['', '', 'fine'],
      ['', short, ''],
      [expect.stringMatching(`^${victim('200 MiB')}$`), short, ''],
      ['', '', expect.stringContaining('memcage-')],
    ]);
  });

  test('of the command of the page', async () => {
    const { code, stdout, left } = await startIn(project, [process.execPath, 'tool.mjs']).end;
    expect(stdout).toMatch(new RegExp(`^\\[\\s+'${victim('200 MiB')}',\\s+"?'?Command was killed with SIGKILL`));
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });
});

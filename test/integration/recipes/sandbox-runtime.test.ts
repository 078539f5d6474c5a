import { startIn } from '../../support/docs/project-program';
import { resultOf, victim } from '../../support/docs/recipe-result';
import { programFile, recipe, writeProgram } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const PAGE = 'docs/guides/sandboxes.md';

const HEAD = `
  import { SandboxManager } from '@anthropic-ai/sandbox-runtime';
  import { createCage } from 'memcage';
  const network = { allowedDomains: [], deniedDomains: [] };
  const filesystem = { denyRead: [], allowWrite: ['.'], denyWrite: [] };
`;

describeIf(['cgroup', 'host', 'root', 'sandbox-runtime'], '@anthropic-ai/sandbox-runtime', () => {
  let project: UserProject;
  beforeAll(() => {
    project = makeUserProject(['@anthropic-ai/sandbox-runtime']);
  });
  afterAll(() => project.remove());

  test('in a cage', async () => {
    writeProgram('docs/guides/sandboxes.md', project);
    const end = await startIn(project, [process.execPath, 'sandboxed.mjs']).end;
    expect(end.stdout).toMatch(new RegExp(`^\\[\\s+'${victim('200 MiB')}',`));
    expect(end).toMatchObject({ code: 0, left: [] });

    const [code = ''] = programFile(PAGE, 'sandboxed.mjs').split('\nconsole.log');
    const [shell = ''] = /async function shell[\s\S]*\n}/.exec(code) ?? [];
    // The test does not wait for a minute.
    const quick = shell.replace('60_000', '1_000');
    expect(quick).not.toBe(shell);
    const results = await resultOf(
      project,
      `${code}
       const results = [];
       for (const command of [
         'echo fine; grep -c memcage- /proc/self/cgroup',
         'touch here && touch /etc/there',
         'tail /dev/zero 2>/dev/null; exit 4',
       ])
         results.push(await shell(command));
       const slow = async (command) => {
         ${quick}
         return shell(command);
       };
       results.push(await slow('sleep 60'));
       const wrapped = await SandboxManager.wrapWithSandbox('exit 5');
       const { message } = await run(wrapped, [], { memory: '200M', shell: true }).catch((error) => error);
       await SandboxManager.reset();
       console.log(JSON.stringify([...results, message]));`,
    );
    expect(results).toEqual([
      [null, expect.stringMatching(/^fine\n[12]\n$/), ''],
      [null, '', expect.stringMatching(/there.*: Read-only file system/)],
      [expect.stringMatching(`^${victim('200 MiB')}$`), '', expect.stringContaining('Killed')],
      ['bash did not end within 1000 ms', '', ''],
      // The password is the reason for bash.
      expect.stringMatching(/^bwrap .*http:\/\/srt\..*:\w+@localhost/),
    ]);
  });

  test('with memcage in it', async () => {
    project.write(
      'agent.mjs',
      `import { run } from 'memcage';
       const tool = (command) =>
         run('sh', ['-c', command], { memory: '50M' }).then(
           ({ stdout }) => stdout,
           ({ code }) => code,
         );
       console.log(JSON.stringify([await tool('cat /proc/self/cgroup'), await tool('tail /dev/zero; exit 1')]));`,
    );
    const code = recipe(PAGE, 'An agent that is in a sandbox itself', 1);
    const inside = (its: string): Promise<unknown> =>
      resultOf(
        project,
        `${HEAD} ${its}
         await SandboxManager.reset();
         await cage.close();
         console.log(outcome.stdout);`,
      );
    expect(await inside(code)).toEqual([expect.stringMatching(/memcage-.*memcage-/), 'ERR_MEMCAGE_MEMORY_LIMIT']);

    const readOnly = code.replace("['.', path]", "['.']");
    expect(readOnly).not.toBe(code);
    const refused = 'ERR_MEMCAGE_NO_PERMISSION';
    expect(await inside(readOnly)).toEqual([refused, refused]);
  });
});

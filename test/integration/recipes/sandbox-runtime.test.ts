import { resultOf, victim } from '../../support/docs/recipe-result';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

const HEAD = `
  import { SandboxManager } from '@anthropic-ai/sandbox-runtime';
  import { createCage, run } from 'memcage';
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
    const code = recipe('docs/guides/sandboxes.md', 'sandbox-runtime');
    // The test does not wait for a minute.
    const quick = code.replace('60_000', '1_000');
    expect(quick).not.toBe(code);
    const results = await resultOf(
      project,
      `${HEAD}
       await SandboxManager.initialize({ network, filesystem });
       async function tool(command) {
         ${code}
         return { stdout, stderr, exitCode, problem };
       }
       const results = [];
       for (const command of [
         'echo fine; grep -c memcage- /proc/self/cgroup',
         'touch here && touch /etc/there',
         'tail /dev/zero 2>/dev/null; exit 4',
       ])
         results.push(await tool(command));
       const slow = async (command) => {
         ${quick}
         return { exitCode, problem };
       };
       results.push(await slow('sleep 60'));
       const wrapped = await SandboxManager.wrapWithSandbox('exit 5');
       const { message } = await run(wrapped, [], { memory: '200M', shell: true }).catch((error) => error);
       await SandboxManager.reset();
       console.log(JSON.stringify([...results, message]));`,
    );
    expect(results).toEqual([
      { stdout: expect.stringMatching(/^fine\n[12]\n$/), stderr: '', exitCode: 0, problem: '' },
      { stdout: '', stderr: expect.stringMatching(/there.*: Read-only file system/), exitCode: 1, problem: '' },
      {
        stdout: '',
        stderr: expect.stringContaining('Killed'),
        exitCode: 4,
        problem: expect.stringMatching(`^${victim('200 MiB')}$`),
      },
      { exitCode: null, problem: 'bash did not end within 1000 ms' },
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
    const code = recipe('docs/guides/sandboxes.md', 'An agent that is in a sandbox itself', 1);
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

import { resultOf, victim } from '../../support/docs/recipe-result';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

describeIf(['cgroup', 'host'], 'a shell in a terminal of node-pty', () => {
  let project: UserProject;
  beforeAll(() => {
    project = makeUserProject(['@lydell/node-pty']);
  });
  afterAll(() => project.remove());

  test('has a limit, and goes on when a command in it exceeds the limit', async () => {
    const [screen, told, end] = (await resultOf(
      project,
      `const told = [];
       ${recipe('docs/guides/agents.md', 'With node-pty').replace('console.log(message)', 'told.push(message)')}
       let screen = '';
       shell.onData((data) => (screen += data));
       const shows = async (text) => {
         while (!screen.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
       };
       shell.write('tty; echo "pid $$"; cat /proc/self/cgroup; sleep 60 & tail /dev/zero; echo "goes on: $?"\\r');
       await shows('goes on: 137');
       while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
       const end = await new Promise((resolve) => {
         shell.onExit(resolve);
         shell.write('disown; exit 3\\r');
       });
       await launcher.close();
       console.log(JSON.stringify([screen.replaceAll('pid ' + shell.pid, 'pid of the shell'), told, end]));`,
    )) as [string, string[], object];
    expect(screen).toContain('/dev/pts/');
    expect(screen).toContain('pid of the shell');
    expect(screen).toContain('memcage-');
    expect(told).toEqual([expect.stringMatching(`^${victim('200 MiB')}$`)]);
    expect(end).toMatchObject({ exitCode: 3 });
  });
});

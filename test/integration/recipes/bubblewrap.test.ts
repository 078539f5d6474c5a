import { examplesOf } from '../../support/docs/doc-examples';
import { killed, resultOf } from '../../support/docs/recipe-result';
import { recipe } from '../../support/docs/recipes';
import { makeUserProject, type UserProject } from '../../support/docs/user-project';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(60_000));

/** Tries a limit in the sandbox, and what docs/guides/sandboxes.md says of the files there. */
const AGENT = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { run } from 'memcage';

  const attempt = (work) => {
    try {
      return work() ?? 'done';
    } catch ({ code }) {
      return code;
    }
  };
  // Polling takes a moment to notice.
  const greedy = {
    kernel: 'tail /dev/zero',
    polled: 'while head -c 1M /dev/zero; do sleep 0.02; done | tail -c 1G',
  };
  const tool = (enforce) =>
    run('sh', ['-c', 'cat /proc/self/cgroup; ' + greedy[enforce] + '; exit 1'], { memory: '50M', enforce }).catch(
      ({ code, message, outcome }) => ({ code, message, enforcedBy: outcome?.enforcedBy.kind, stdout: outcome?.stdout }),
    );
  const lower = (path) =>
    attempt(() => {
      const file = ['memory.max', 'memory.limit_in_bytes'].map((name) => path + '/' + name);
      const there = file.find((each) => attempt(() => readFileSync(each, 'utf8')) !== 'ENOENT');
      writeFileSync(there, '100M');
    });
  console.log(JSON.stringify({ tool: await tool(process.env.ENFORCE), lowered: process.argv.slice(2).map(lower) }));
`;

let project: UserProject;
beforeAll(() => {
  project = makeUserProject([]);
  project.write('agent.mjs', AGENT);
});
afterAll(() => project.remove());

describeIf(['cgroup', 'host', 'bwrap'], 'bubblewrap in a cage', () => {
  test('shows its view of the files, and its command has a limit', async () => {
    const [program] = examplesOf('docs/guides/sandboxes.md');
    const [tool = ''] = program?.text.split('\nconsole.log') ?? [];
    const results = await resultOf(
      project,
      `${tool}
       const results = [];
       for (const command of [
         'echo $$; ls /proc | grep -c "^[0-9]"; touch here && touch /etc/there 2>&1 || true',
         'touch /etc/there',
         'tail /dev/zero; exit 3',
         'head -c 300M /dev/zero >/tmp/file',
       ])
         results.push(await shell(command));
       console.log(JSON.stringify(results));`,
    );
    expect(results).toEqual([
      expect.stringMatching(/^2\n\d\ntouch: .*there.*: Read-only file system$/),
      "bwrap ended with exit code 1: touch: cannot touch '/etc/there': Read-only file system",
      expect.stringMatching(`^${killed('bwrap', '200 MiB')}`),
      expect.stringMatching(/killed for (its|their) memory limit of 200 MiB/),
    ]);
  });
});

const agentInside = recipe('docs/guides/sandboxes.md', 'An agent that is in a sandbox itself');

/** What an agent in there can do. */
function inside(code: string, enforce = 'kernel'): Promise<unknown> {
  return resultOf(
    project,
    `import { createCage } from 'memcage';
     process.env.ENFORCE = '${enforce}';
     ${code}
     await cage.close();
     console.log(outcome.stdout);`,
  );
}

const tooMuch = {
  code: 'ERR_MEMCAGE_MEMORY_LIMIT',
  message: expect.stringContaining('killed for its memory limit of 50 MiB'),
  enforcedBy: 'kernel',
  stdout: expect.stringMatching(/memcage-.*memcage-/),
};

describeIf(['cgroup', 'bwrap'], 'memcage in bubblewrap', () => {
  test('makes cages where a cgroup was bound', async () => {
    const code = agentInside.replace("'agent.mjs'", "'agent.mjs', path");
    expect(await inside(code)).toEqual({ tool: tooMuch, lowered: ['done'] });
  });

  test('changes the limit of its place, and not the one above', async () => {
    const code = agentInside
      .replace('createCage({ memory', 'createCage({ parent: outer.cgroup.path, memory')
      .replace("'agent.mjs'", "'agent.mjs', path, outer.cgroup.path");
    const outer = "const outer = createCage({ memory: '600M' });";
    expect(await inside(`${outer} ${code}`)).toEqual({ tool: tooMuch, lowered: ['done', 'EROFS'] });
  });
});

describeIf(['v2', 'bwrap'], 'memcage in bubblewrap with a cgroup namespace', () => {
  test('starts nothing', async () => {
    const code = agentInside.replace('...apart', "'--unshare-all'");
    expect(code).not.toBe(agentInside);
    expect(await inside(code)).toMatchObject({
      tool: { code: 'ERR_MEMCAGE_SPAWN', message: expect.stringContaining('ENOENT') },
    });
  });
});

describeIf(['cgroup', 'host', 'bwrap'], 'memcage in bubblewrap that lacks something', () => {
  test('a writable cgroup', async () => {
    const code = agentInside.replace(/--bind \S+ \S+ /, '');
    expect(code).not.toBe(agentInside);
    const refused = { code: 'ERR_MEMCAGE_NO_PERMISSION', message: expect.stringContaining('is mounted read-only') };
    expect(await inside(code)).toEqual({ tool: refused, lowered: [] });
    expect(await inside(code, 'polled')).toMatchObject({
      tool: { code: tooMuch.code, message: expect.stringContaining('that memcage polls'), enforcedBy: 'polled' },
    });
  });

  test('devices', async () => {
    const code = agentInside.replace('--dev /dev ', '');
    expect(code).not.toBe(agentInside);
    expect(await inside(code)).toMatchObject({ tool: { code: 'ERR_MEMCAGE_GUARDIAN' } });
  });
});

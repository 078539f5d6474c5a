import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCgroup, version } from '../../support/cgroups/cgroup-tree';
import { starts } from '../../support/children/starts';
import { drawn } from '../../support/drawn';
import { patience } from '../../support/patience';
import { describeIf, has } from '../../support/require';

jest.setTimeout(patience(150_000));

const RUN = join(__dirname, '../../attacks/run.mjs');
const LIST = `import { kinds } from ${JSON.stringify(join(__dirname, '../../attacks/list.mjs'))};
  console.log(JSON.stringify(Object.entries(kinds).map(([kind, attacks]) => [kind, Object.keys(attacks)])))`;
/** Memory that nobody counts: docs/reference/memory.md. */
const NOT_HELD = ['file-locks', 'tcp-buffers'];

/** They need a right, or a part of the kernel, that not every machine has. */
const OF_MACHINE = ['raise-files', 'oom-score', 'ciphers', 'sysrq', 'module'];
/** They work on every kernel. */
const ANYWHERE = ['anonymous', 'leave-cgroup', 'orphan', 'kill', 'home', 'tcp', 'mount', 'success'];

/** What another hierarchy holds. */
const OF_HIERARCHY = ['hold more memory than the limit', 'change or leave the limits'];
/** How many of the others are drawn for a hierarchy, where only root attacks. */
const OTHERS = 9;

type Kinds = [kind: string, attacks: string[]][];

interface Results {
  results: Record<string, Record<string, 'works' | 'fails' | 'did not start'>>;
}

/** In the gate each attack is tried by one of two users: the next commit has it tried by the other, as likely as not. */
function sharedOut(kinds: Kinds, users: readonly string[]): [user: string, attacks: readonly string[]][] {
  const all = kinds.flatMap(([, attacks]) => attacks);
  const [first = '', second] = users;
  if (second === undefined) {
    const ofHierarchy = kinds.flatMap(([kind, attacks]) => (OF_HIERARCHY.includes(kind) ? attacks : []));
    const others = all.filter((name) => !ofHierarchy.includes(name));
    return [[first, [...ofHierarchy, ...drawn(others, OTHERS)]]];
  }
  const chosen = drawn(all, all.length / 2);
  const rest = all.filter((name) => !chosen.includes(name));
  return [
    [first, chosen],
    [second, rest.length === 0 ? all : rest],
  ];
}

const run = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [RUN, ...words])).stdout;

const needed = ['cgroup', 'root', 'gcc', 'pids', 'seccomp', 'userns', 'unprivileged-userns', 'root-read-only'] as const;
describeIf(needed, `attacks from untrusted: true, on cgroup v${version}`, () => {
  const users = ['root', 'nobody'].slice(0, starts(2));
  const listed = execFileSync(process.execPath, ['--input-type=module', '-e', LIST], { encoding: 'utf8' });
  const kinds = JSON.parse(listed) as Kinds;
  let directory: string;
  let program: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
    program = join(directory, 'attack');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  async function attack(...words: string[]): Promise<Results['results']> {
    const { path, remove } = makeCgroup();
    try {
      const stdout = await run('--json', '--program', program, '--jobs', '4', '--parent', path, ...words);
      return (JSON.parse(stdout) as Results).results;
    } finally {
      remove();
    }
  }

  test.each(sharedOut(kinds, users))('come to nothing, where the caller is %s', async (user, attacks) => {
    const { memcage = {} } = await attack('--user', user, '--only', attacks.join(), 'memcage');
    expect(Object.keys(memcage).sort()).toEqual([...attacks].sort());
    const others = attacks.filter((name) => memcage[name] !== 'fails');
    expect(others.filter((name) => !NOT_HELD.includes(name))).toEqual([]);
  });

  test('are many', () => {
    expect(kinds.flatMap(([, attacks]) => attacks).length).toBeGreaterThan(70);
  });

  test('are seen to work without it', async () => {
    const names = kinds.flatMap(([, attacks]) => attacks).filter((name) => !OF_MACHINE.includes(name));
    const some = has('host') ? drawn(names, 20) : ANYWHERE;
    const { none } = await attack('--only', some.join(), 'none');
    expect(none).toEqual(Object.fromEntries(some.map((name) => [name, 'works'])));
  });
});

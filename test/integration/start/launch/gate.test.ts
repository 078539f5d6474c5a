import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run, type SpawnOptions, spawn } from 'memcage';
import { fullBudgets } from '../../../support/budget/full-budget';
import { errno, refusing } from '../../../support/cgroups/bpf';
import { errorData } from '../../../support/children/child-record';
import { withCode } from '../../../support/error-code';
import { kernelHas } from '../../../support/kernel-version';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { childrenOf, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

/** Prints all that a process has from whoever started it, but for its pid and its cage. */
const STATE = `
  cd /proc/self/cwd; pwd; env | sort; tr '\\0' ' ' < /proc/$$/cmdline; echo
  grep -E '^(Umask|Uid|Gid|Groups|SigBlk|SigIgn|SigCgt|SigPnd|ShdPnd|Cap|NoNew|Seccomp:|CoreD|THP)' /proc/self/status
  cat /proc/$$/limits /proc/$$/oom_score_adj /proc/$$/personality /proc/$$/coredump_filter
  stat -c '%u %g' /proc/$$/mem; nice; umask
  for fd in /proc/$$/fd/*; do echo "\${fd##*/} $(readlink $fd | tr -d 0-9)"; done
  read -r _ _ _ _ group session tty rest < /proc/$$/stat
  [ $group = $$ ] && echo leads its group; [ $session = $$ ] && echo leads its session; echo $tty
`;

const program: [string, string[]] = ['sh', ['-c', STATE]];
const outputOf = async ({ stdout, stderr }: ChildProcess) =>
  (await Promise.all([stdout, stderr].map(async (stream) => (stream === null ? '' : text(stream))))).join('\n');

describeIf('cgroup', 'a child that waits at a gate', () => {
  const makeFull = fullBudgets();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  /** Starts a child that waits, and lets it go on once it is known to wait. */
  async function through(options: SpawnOptions, file = program): Promise<ChildProcess> {
    const { room, contain } = await makeFull();
    const child = contain(() => spawn(...file, options));
    await until('it waits', () => launcherOf(child) !== undefined);
    room.release();
    return child;
  }

  /** The launcher that waits; undefined if there is none. */
  function launcherOf({ pid = 0 }: ChildProcess): number | undefined {
    return [pid, ...childrenOf(pid)].reverse().find((each) => /memcage-exec/.test(exeOf(each)));
  }

  function exeOf(pid: number): string {
    try {
      return readlinkSync(`/proc/${pid}/exe`);
    } catch {
      return '';
    }
  }

  const env = { PATH: process.env['PATH'], GATE: 'x y' };
  const settings: SpawnOptions = { rlimits: { nofile: 64, fsize: '1M', core: 0 }, nice: 3 };
  const cases: Record<string, SpawnOptions> = {
    'without options': {},
    'env, cwd, argv0': { env, cwd: '/tmp', argv0: 'another' },
    detached: { detached: true },
    'more stdio': { stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe', 'ignore'] },
    settings: { ...settings, oomScoreAdj: 500, privileges: { noNewPrivileges: true } },
  };

  test.each(Object.keys(cases))('%s: becomes what a plain start gives', async (name) => {
    const options = cases[name] ?? {};
    const plain = await outputOf(spawn(...program, { ...options, memory: '64M' }));
    const child = await through(options);
    const { pid } = child;
    expect(await outputOf(child)).toBe(plain);
    expect(plain).toContain('SigIgn');
    expect(child.pid).toBe(pid);
  });

  test('what exec refuses later is an error then, as Node has it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-test-'));
    const path = join(directory, 'script');
    writeFileSync(path, '#!/no/such/interpreter\n');
    chmodSync(path, 0o755);
    const [plain] = (await once(spawn(path), 'error')) as [Error];
    const child = await through({ memory: '10M' }, [path, []]);
    const spawned = child.pid;
    const [error] = (await once(child, 'error')) as [Error];
    expect(errorData(error)).toEqual(errorData(plain));
    expect([child.pid, child.exitCode, isAlive(spawned ?? 0)]).toEqual([spawned, -2, false]);
    rmSync(directory, { recursive: true });
  });

  test('SIGSTOP and SIGCONT do not let it through', async () => {
    const { room, contain } = await makeFull();
    const child = contain(() => spawn('echo', ['late']));
    for (const signal of ['SIGSTOP', 'SIGCONT'] as const) child.kill(signal);
    expect(isAlive(child.pid ?? 0)).toBe(true);
    room.release();
    expect(await outputOf(child)).toBe('late\n\n');
  });
});

describeIf('cgroup', 'a child that is killed while its gate opens', () => {
  const makeFull = fullBudgets();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('ends by the signal', async () => {
    const { room, contain } = await makeFull();
    const child = contain(() => spawn('true'));
    child.kill('SIGSTOP');
    // The byte that lets it through stays unread.
    room.release();
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL' });
  });
});

describeIf(['cgroup', 'root'], 'a child of another kind that waits at a gate', () => {
  const makeFull = fullBudgets();
  expectNothingLeft(() => run('true', { memory: '8M', namespaces: { pid: { init: true } } }));
  const ids = { uid: 65534, gid: 65534 };
  const cases: Record<string, SpawnOptions> = {
    'another user': { ...ids, cwd: '/' },
    'a PID namespace': { namespaces: { pid: true, mount: true, uts: { hostname: 'gate' } } },
    'an init': { namespaces: { pid: { init: true } }, ...ids, cwd: '/' },
    'a root': { root: { readOnly: kernelHas(5, 12), hide: ['/root'] } },
    'fewer privileges': { privileges: { capabilities: ['kill'], noNewPrivileges: true } },
    'a user namespace': { namespaces: { user: true, mount: true } },
  };

  test.each(Object.keys(cases))('%s: becomes what a plain start gives', async (name) => {
    const options = cases[name] ?? {};
    const plain = await outputOf(spawn(...program, { ...options, memory: '64M' }));
    const { room, contain } = await makeFull();
    const child = contain(() => spawn(...program, options));
    room.release();
    expect(await outputOf(child)).toBe(plain);
    expect(plain).toContain('SigIgn');
  });

  test("what memcage refuses later is memcage's error", async () => {
    const { contain, room, budget } = await makeFull();
    // The child installs it before it gives up capabilities, which then fails.
    const seccomp = refusing(['capset'], errno(constants.errno.EPERM));
    const child = contain(() =>
      spawn('true', { privileges: { seccomp, capabilities: ['kill'], noNewPrivileges: false } }),
    );
    const error = once(child, 'error');
    room.release();
    expect(await error).toMatchObject([withCode('SETTING')]);
    expect(await child.outcome).toMatchObject({ exitCode: null, error: withCode('SETTING') });
    await until('it gave its room back', () => budget.stats().running === 0);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('%s ends one that waits behind its init', async (signal) => {
    const { contain } = await makeFull();
    const child = contain(() => spawn('sleep', ['60'], { namespaces: { pid: { init: true } } }));
    await until('it waits', () => childrenOf(child.pid ?? 0).length === 1);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([null, signal]);
  });

  // Its init has hardly begun by then.
  test('a signal that comes as soon as there is a pid ends one behind its init', async () => {
    const { contain } = await makeFull();
    const children = Array.from({ length: 8 }, () => {
      const child = contain(() => spawn('sleep', ['60'], { namespaces: { pid: { init: true } } }));
      child.kill();
      return child;
    });
    const ends = await Promise.all(children.map(async (child) => once(child, 'exit')));
    expect(ends).toEqual(children.map(() => [null, 'SIGTERM']));
  });

  test('the launcher refuses a gate that nobody can open', () => {
    const { status, stderr } = spawnSync(
      join(__dirname, '../../../../build/Release/memcage-exec'),
      ['1', '--gate', '--', 'true'],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([125, expect.stringContaining('(a gate without a report)')]);
  });
});

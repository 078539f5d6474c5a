import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type * as Memcage from 'memcage';
import { fixture } from '../../support/cage-kinds';
import { members, version } from '../../support/cgroups/cgroup-tree';
import { KILL_MEANS, memcageWithout } from '../../support/cgroups/kill-means';
import { runCli } from '../../support/cli/cli';
import { drawn } from '../../support/drawn';
import { withCode } from '../../support/error-code';
import { startFixture } from '../../support/fixture';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { endNow, stateOf } from '../../support/processes/processes';
import { compile } from '../../support/processes/programs';
import { NARROW } from '../../support/processes/stalling';
import { describeIf } from '../../support/require';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

jest.setTimeout(patience(60_000));

/** `cgroup.kill` signals first threads alone. */
describeIf([version === 2 ? 'cgroup' : 'hybrid', 'root'], 'a process whose first thread has ended', () => {
  let program: ReturnType<typeof compile>;
  beforeAll(() => {
    program = compile(fixture('leaderless.c'), ['-pthread']);
  });
  afterAll(() => program.remove());

  const isThere = (pid: number): boolean => {
    try {
      return readdirSync(`/proc/${pid}/task`).length > 1;
    } catch {
      return false;
    }
  };
  const begun = (pid: number): Promise<boolean> =>
    until('its first thread has ended', () => stateOf(pid) === 'Z' && isThere(pid));

  type Caged = ChildProcess & Memcage.Caged;

  describe.each(KILL_MEANS)('with %s', (means, missing, hierarchy) => {
    const canFreeze = version === 2 || hierarchy !== undefined;
    let memcage: typeof Memcage;

    expectNothingLeft(() => {
      memcage = memcageWithout(missing);
      return memcage.run('true', { memory: '8M', cpuTimeMs: 60_000, pids: 100 });
    });

    const start = async (options: Memcage.SpawnOptions, what = 'sleep'): Promise<Caged> => {
      const child = memcage.spawn(program.path, [what], { memory: '64M', stdio: 'ignore', ...options });
      await begun(Number(child.pid));
      return child;
    };

    const ways = [
      ['by close() of its cage', {}, (child) => child.cage.close()],
      ['by kill() of its cage', {}, (child) => child.cage.kill()],
      ['by kill() of its cgroup', {}, (child) => child.cage.cgroup.kill()],
      ['by kill() of the child', {}, (child) => child.kill('SIGKILL')],
      ['by a timeout', { timeout: patience(100), killSignal: 'SIGKILL' }, () => {}],
      ['by its processor time', { cpuTimeMs: 300 }, () => {}, 'spin'],
      ['by its stall', { memory: NARROW, stall: { limitMs: 600 } }, () => {}, '100'],
    ] as [string, Memcage.SpawnOptions, (child: Caged) => unknown, string?][];
    testRows(
      'is ended',
      // Who asks for the kill makes no difference to the means.
      means === KILL_MEANS[0][0] ? ways : drawn(ways, 3, means.length),
      async ([, options, end, what]) => {
        const child = await start(options, what);
        try {
          await end(child);
          const { signal, error } = await child.outcome;
          expect({ signal, error }).toEqual({ signal: 'SIGKILL', error: null });
          expect(isThere(Number(child.pid))).toBe(false);
        } finally {
          endNow(Number(child.pid));
        }
      },
      { name: ([name]) => name },
    );

    test('that forks others of its kind is ended with them', async () => {
      const child = await start({ pids: 40 }, 'fork');
      const { path } = child.cage.cgroup;
      await until('there are many', () => members(path).length > 10);
      await child.cage.close();
      expect(members(path)).toEqual([]);
    });

    test('gives its room in a budget back only when it has ended', async () => {
      const budget = memcage.createBudget({ memory: '64M' });
      const child = await budget.spawn(program.path, ['sleep'], { memory: '64M', stdio: 'ignore' });
      await begun(Number(child.pid));
      try {
        await budget.close();
        expect(isThere(Number(child.pid))).toBe(false);
      } finally {
        endNow(Number(child.pid));
      }
    });

    test('is evicted from a budget', async () => {
      const createBudget = (): Memcage.Budget => memcage.createBudget({ memory: '200M', admit: 'use' });
      if (!canFreeze) {
        expect(createBudget).toThrow(withCode('UNSUPPORTED'));
        return;
      }
      const budget = createBudget();
      const abort = new AbortController();
      try {
        // A budget that has seen jobs end does not expect the worst of the next ones.
        for (let job = 0; job < 3; job += 1) await budget.run('sleep', ['0.2'], { memory: '8M' });
        const { signal } = abort;
        const ended: Promise<unknown>[] = [];
        const job = (...command: [string, string[]]): void => {
          const ending = budget.run(...command, { memory: '190M', stdio: 'ignore', signal });
          ended.push(ending.catch(() => {}));
        };
        const { path } = budget.cage.cgroup;
        job('perl', [
          '-e',
          '$SIG{USR1} = sub { vec($b, (145 << 20) - 1, 8) = 1 }; vec($a, (20 << 20) - 1, 8) = 1; sleep 1 while 1',
        ]);
        const oldest = await until('the oldest is there', () => members(path)[0]);
        job('sh', ['-c', '"$0" 30 & wait', program.path]);
        const leaderless = await until('the other has begun', () =>
          members(path).find((pid) => stateOf(pid) === 'Z' && isThere(pid)),
        );
        await until('both use it', () => (budget.stats().usedBytes ?? 0) > 45 << 20);
        process.kill(oldest, 'SIGUSR1');
        await until('it is evicted', () => budget.stats().queued === 1);
        expect(budget.stats()).toMatchObject({ evicted: 1, running: 1 });
        await until('it has ended', () => !isThere(leaderless));
        abort.abort();
        await Promise.all(ended);
      } finally {
        await budget.close();
      }
    });
  });

  testRows(
    'that a child has left running is ended',
    [
      ['by the guardian', '1', 'SIGKILL', () => {}],
      ['by memcage gc', '0', 'SIGKILL', () => runCli(['gc'])],
      ['by memcage kill', '1', undefined, (path) => runCli(['kill', path])],
    ] as [string, string, NodeJS.Signals | undefined, (path: string) => unknown][],
    async ([, guardian, signal, end]) => {
      const owner = startFixture({ name: 'cage/leaderless.js', env: { MEMCAGE_GUARDIAN: guardian } }, program.path);
      const [line] = (await once(owner.process.stdout ?? owner.process, 'data')) as [Buffer];
      const { pid, path } = JSON.parse(line.toString()) as { pid: number; path: string };
      try {
        await begun(pid);
        if (signal !== undefined) {
          owner.process.kill(signal);
          await owner.end;
        }
        await end(path);
        await until('it has ended', () => !isThere(pid));
      } finally {
        endNow(pid);
        endNow(owner.pid);
        await owner.end;
      }
    },
    { name: ([name]) => name },
  );
});

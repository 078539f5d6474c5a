import type * as Memcage from 'memcage';
import { createCage, createLauncher, run, spawn, spawnSync } from 'memcage';
import { members, version } from '../../support/cgroups/cgroup-tree';
import { KILL_MEANS, memcageWithout } from '../../support/cgroups/kill-means';
import { fixtureResult, startFixture } from '../../support/fixture';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { childrenOf, stateOf } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { block, until } from '../../support/until';

const LOOP = 'while :; do :; done';
const FOREVER = ['sh', ['-c', LOOP]] as const;
/** Uses some processor time and ends. */
const A_LITTLE = ['sh', ['-c', 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done']] as const;

/** More than that takes, also on a slow machine. */
const TOTAL_MS = patience(400);

/** What a busy machine, and a guest with one processor, may add. */
const SLACK_MS = patience(500);

/** For what takes seconds of processor time, of which a busy machine gives it a third. */
const STARVED_MS = 60_000;

function used({ limits }: Pick<Memcage.Outcome, 'limits'>): number {
  const { cpuTime } = limits;
  if (cpuTime === null) throw new Error('no report');
  return cpuTime.usedMs;
}

function failure(run: Promise<unknown>): Promise<Memcage.LimitError> {
  return run.then(
    () => Promise.reject(new Error('it ended well')),
    (error: unknown) => error as Memcage.LimitError,
  );
}

async function expectLimitError(run: Promise<unknown>, limitMs: number): Promise<Memcage.LimitError> {
  const error = await failure(run);
  expect(error).toMatchObject({
    name: 'LimitError',
    code: 'ERR_MEMCAGE_LIMIT',
    limit: 'cpuTime',
    outcome: { exitCode: null, signal: 'SIGKILL', oom: null, limits: { cpuTime: { limitMs, hit: true } } },
  });
  expect(used(error.outcome)).toBeGreaterThanOrEqual(limitMs);
  expect(used(error.outcome)).toBeLessThan(limitMs + SLACK_MS);
  return error;
}

describeIf([version === 2 ? 'cgroup' : 'hybrid', 'root'], 'a limit of processor time', () => {
  describe.each(KILL_MEANS)('with %s', (_, missing) => {
    let memcage: typeof Memcage;

    expectNothingLeft(() => {
      memcage = memcageWithout(missing);
      return memcage.run('true', { cpuTimeMs: 60_000 });
    });

    test('ends a child that never ends', async () => {
      const error = await expectLimitError(memcage.run(...FOREVER, { cpuTimeMs: 200 }), 200);
      expect(error.message).toMatch(
        /^sh was killed: its cage had used \d+ ms of processor time, and the limit is 200 ms/,
      );
    });

    test('counts all processes together, and kills all', async () => {
      const cage = memcage.createCage({ cpuTimeMs: 300 });
      try {
        // None begins before all are there: they might be killed before that.
        const each = `{ read -r _ <&3; ${LOOP}; }`;
        const script = `exec 3<&0; for i in 1 2 3; do ${each} & done; ${each}`;
        const child = cage.spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
        await until('all four', () => members(cage.cgroup.path).length === 4);
        child.stdin?.write('\n\n\n\n');
        expect(block(() => members(cage.cgroup.path).length === 0)).toBe(true);
        const outcome = await child.outcome;
        expect(outcome).toMatchObject({ signal: 'SIGKILL', limits: { cpuTime: { limitMs: 300, hit: true } } });
        expect(used(outcome)).toBeLessThan(300 + SLACK_MS);
      } finally {
        await cage.close();
      }
    });

    test.each([
      ['that a shell starts', ['sh', ['-c', 'while :; do /bin/true; done']] as const],
      ['that follow each other', ['sh', ['-c', `perl -e 'while (1) { exit if fork }' & exec sleep 60`]] as const],
    ])('counts processes that live for a moment, %s', async (__, [file, args]) => {
      await expectLimitError(memcage.run(file, args, { cpuTimeMs: 150 }), 150);
    });

    test('holds in a PID namespace', async () => {
      await expectLimitError(memcage.run(...FOREVER, { cpuTimeMs: 100, namespaces: { pid: true } }), 100);
      await expectLimitError(memcage.run(...FOREVER, { cpuTimeMs: 100, namespaces: { pid: { init: true } } }), 100);
    });

    test('of a millisecond takes starts and ends as they come', async () => {
      for (let i = 0; i < 8; i += 1) await expectLimitError(memcage.run(...FOREVER, { cpuTimeMs: 1 }), 1);
    });
  });
});

// Who kills, and how, makes no difference here.
describeIf([version === 2 ? 'cgroup' : 'hybrid', 'root'], 'a limit of processor time, however it kills', () => {
  expectNothingLeft(() => run('true', { cpuTimeMs: 60_000 }));

  test('leaves a child alone that ends in time, and says what it used', async () => {
    const result = await run(...A_LITTLE, { cpuTimeMs: 60_000 });
    expect(result).toMatchObject({ exitCode: 0, limits: { cpuTime: { limitMs: 60_000, hit: false } } });
    const { userMs = Number.NaN, systemMs = Number.NaN } = result.cpu ?? {};
    expect(used(result)).toBeGreaterThanOrEqual((userMs + systemMs) / 2);
  });

  test('holds while JavaScript is blocked', () => {
    const { signal, outcome } = spawnSync(...FOREVER, { cpuTimeMs: 100 });
    expect(signal).toBe('SIGKILL');
    expect(outcome.limits.cpuTime).toMatchObject({ limitMs: 100, hit: true });
  });

  test('of a shared cage is for all children together, ended ones too', async () => {
    const cage = createCage({ cpuTimeMs: TOTAL_MS });
    const events: unknown[] = [];
    cage.on('cpuTime', (event) => events.push(event));
    try {
      const first = used(await cage.run(...A_LITTLE));
      expect(first).toBeGreaterThan(0);
      await expectLimitError(cage.run(...FOREVER), TOTAL_MS);
      await until('the event', () => events.length > 0);
      expect(events).toEqual([
        { limitMs: TOTAL_MS, usedMs: expect.any(Number), timeMs: expect.any(Number), error: null },
      ]);

      const next = await failure(cage.run('true'));
      expect(next).toMatchObject({ name: 'MemcageError', code: 'ERR_MEMCAGE_CPU_TIME', path: cage.cgroup.path });
      expect(() => cage.spawn('true')).toThrow(
        new RegExp(`has used up its processor time \\(\\d+ of ${TOTAL_MS} ms\\)`),
      );

      cage.setLimits({ cpuTimeMs: 60_000 });
      expect(await cage.run('true')).toMatchObject({
        exitCode: 0,
        limits: { cpuTime: { limitMs: 60_000, hit: false } },
      });
      cage.setLimits({ cpuTimeMs: 1 });
      expect(() => cage.spawn('true')).toThrow(/of 1 ms/);
    } finally {
      await cage.close();
    }
  });

  test('of a shared cage holds for a cage within it', async () => {
    const cage = createCage({ cpuTimeMs: 200 });
    try {
      await expectLimitError(cage.run(...FOREVER, { cpuTimeMs: 60_000 }), 200);
      await expect(cage.run('true', { memory: '20M' })).rejects.toMatchObject({ code: 'ERR_MEMCAGE_CPU_TIME' });
    } finally {
      await cage.close();
    }
  });

  test('per child is each child\u2019s own', async () => {
    const cage = createCage({ memory: '200M', perChild: { cpuTimeMs: 150 } });
    try {
      const [error, result] = await Promise.all([failure(cage.run(...FOREVER)), cage.run('sh', ['-c', 'sleep 0.5'])]);
      expect(error).toMatchObject({
        name: 'LimitError',
        outcome: { limits: { cpuTime: { limitMs: 150, hit: true } } },
      });
      expect(result).toMatchObject({ exitCode: 0, limits: { cpuTime: { limitMs: 150, hit: false } } });
    } finally {
      await cage.close();
    }
  });

  test('goes on for what a child leaves running', async () => {
    const script = `( ${LOOP} ) > /dev/null 2>&1 & exit 0`;
    const child = spawn('sh', ['-c', script], { stdio: 'ignore', cpuTimeMs: 150, keepDescendants: true });
    const closed = new Promise((resolve) => {
      child.cage.once('close', resolve as () => void);
    });
    expect(await child.outcome).toMatchObject({ exitCode: 0 });
    await closed;
  });

  test('is refused where nobody would be left to hold it', () => {
    expect(() => spawn('true', [], { cpuTimeMs: 100, detached: true })).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        message: expect.stringContaining('with detached: the child outlives this process') as string,
      }),
    );
  });

  test('can not be set in a cage that was made without it', async () => {
    const cage = createCage({ memory: '100M' });
    try {
      expect(() => cage.setLimits({ memory: '50M', cpuTimeMs: 1 })).toThrow(
        expect.objectContaining({ code: 'ERR_MEMCAGE_UNSUPPORTED' }),
      );
      expect(cage.cgroup.limits().max).toBe(100 * 2 ** 20);
    } finally {
      await cage.close();
    }
  });
});

describeIf(['cgroup', 'root'], 'a limit of processor time, for each process', () => {
  expectNothingLeft(() => run('true', { cpuTimeMs: 60_000 }));

  const limits = ['sh', ['-c', 'ulimit -St; ulimit -Ht']] as const;

  test.each([
    ['in a private cage', { cpuTimeMs: 1500 }, ['4', '5']],
    ['beside a lower one of the child\u2019s own', { cpuTimeMs: 1500, rlimits: { cpu: 1 } }, ['1', '1']],
    [
      'beside a soft one of the child\u2019s own',
      { cpuTimeMs: 1500, rlimits: { cpu: { soft: 1, hard: 'max' } } },
      ['1', '5'],
    ],
    ['under an init', { cpuTimeMs: 1500, namespaces: { pid: { init: true } } }, ['4', '5']],
  ] as const)('is higher %s', async (_, options, expected) => {
    expect((await run(...limits, options)).stdout.trim().split('\n')).toEqual(expected);
    expect(
      spawnSync(...limits, { ...options, encoding: 'utf8' })
        .stdout.trim()
        .split('\n'),
    ).toEqual(expected);
  });

  test('is that of the cage around, and of the launcher', async () => {
    await using cage = createCage({ cpuTimeMs: 1000 });
    expect((await cage.run(...limits, { memory: '20M' })).stdout).toBe('3\n4\n');
    await using launcher = createLauncher({ cage });
    expect((await run(launcher.file, [...launcher.args, limits[0], ...limits[1]])).stdout).toBe('3\n4\n');
  });

  test('tells that the kernel refuses the kill', async () => {
    const error = {
      name: 'MemcageError',
      code: 'ERR_MEMCAGE_NO_PERMISSION',
      message: expect.stringMatching(/^Can't kill, at the limit cpuTimeMs, the processes of \/.*: EACCES/) as string,
    };
    const outcome = { exitCode: 0, hit: true, error };
    expect(await fixtureResult('cage/refused-kill.js')).toEqual({ event: error, outcome });
  });

  test(
    'ends a child whose owner is stopped',
    async () => {
      const owner = startFixture({ name: 'cage/stopped-owner.js', timeoutMs: STARVED_MS });
      await until('the owner stops', () => stateOf(owner.pid) === 'T');
      const [child = 0] = childrenOf(owner.pid);
      await until('the end of the child', () => stateOf(child) === 'Z', STARVED_MS);
      process.kill(owner.pid, 'SIGCONT');
      const { stdout } = await owner.end;
      expect(JSON.parse(stdout)).toEqual({ name: 'LimitError', signal: 'SIGXCPU', hit: true });
    },
    patience(STARVED_MS),
  );
});

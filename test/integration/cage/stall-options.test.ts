import { type Cage, createLauncher, type LimitError, run, type StallEvent, spawn, spawnSync } from 'memcage';
import { said } from '../../support/cage-kinds';
import { OWN_CGROUP_IN_SHELL } from '../../support/cgroups/cgroup-tree';
import { cagesClosedAfterEach } from '../../support/closed-after-each';
import { expectNothingLeft } from '../../support/nothing-left';
import { openFdCount } from '../../support/processes/fds';
import { fillFds } from '../../support/processes/fill-fds';
import { GREEDY, NARROW, WIDE } from '../../support/processes/stalling';
import { describeIf, has } from '../../support/require';
import { block, until } from '../../support/until';

const MS = 600;
const KILL = { memory: NARROW, stall: { limitMs: MS } };
const KILLED = { limitMs: MS, killed: true, toldBy: expect.any(String) as string };

/** A leaf may have ended, and still be there. */
function members({ cgroup }: Cage): number[] {
  return [...cgroup.descendants()].flatMap((each) => {
    const pids = each.pids();
    each.close();
    return pids;
  });
}

function failure(ended: Promise<unknown>): Promise<LimitError> {
  return ended.then(
    () => Promise.reject(new Error('it ended well')),
    (error: unknown) => error as LimitError,
  );
}

describeIf(['cgroup', 'root'], 'a limit of stalls', () => {
  const make = cagesClosedAfterEach();
  expectNothingLeft(async () => {
    // The cage root then has a directory in v1's hierarchy of the processors, too.
    await run('true', { cpu: { set: '0' } });
    return await run('true', KILL);
  });

  function heard(cage: Cage): StallEvent[] {
    const events: StallEvent[] = [];
    cage.on('stall', (event) => events.push(event));
    return events;
  }

  test('ends a child that gets nowhere, with an error of its own', async () => {
    const error = await failure(run(...GREEDY, KILL));
    expect(error).toMatchObject({
      name: 'LimitError',
      code: 'ERR_MEMCAGE_LIMIT',
      limit: 'stall',
      message: expect.stringMatching(
        /^tail was killed: for \d+ ms its cage had got nowhere because of memory/,
      ) as string,
      outcome: { exitCode: null, signal: 'SIGKILL', oom: null, stalled: KILLED },
    });
    expect(error.outcome.stalled?.stalledMs).toBeGreaterThanOrEqual(MS);
    expect(error.outcome.durationMs).toBeGreaterThanOrEqual(MS);
  });

  test('says nothing of a child that gets on, or that is killed for memory', async () => {
    expect(await run('true', KILL)).toMatchObject({ exitCode: 0, stalled: null });
    const killed = await run(...GREEDY, { memory: '16M', stall: { limitMs: MS }, reject: false });
    expect(killed).toMatchObject({ signal: 'SIGKILL', oom: { cause: 'limit' }, stalled: null });
    expect(await run('true')).toMatchObject({ stalled: null });
  });

  test('holds while JavaScript is blocked', () => {
    const { signal, outcome } = spawnSync(...GREEDY, KILL);
    expect(signal).toBe('SIGKILL');
    expect(outcome.stalled).toMatchObject(KILLED);
    expect(spawnSync('true', KILL).outcome.stalled).toBeNull();
  });

  test('only tells, if that is all that is asked for', async () => {
    const child = spawn(...GREEDY, { memory: NARROW, stall: { limitMs: MS, action: 'event' }, stdio: 'ignore' });
    const events = heard(child.cage);
    await until('the event', () => events.length > 0);
    expect(events).toEqual([
      {
        limitMs: MS,
        stalledMs: expect.any(Number) as number,
        toldBy: expect.any(String) as string,
        killed: false,
        timeMs: expect.any(Number) as number,
        error: null,
      },
    ]);
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
    child.kill('SIGKILL');
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', stalled: { limitMs: MS, killed: false } });
    expect(events).toHaveLength(1);
  });

  test('of a shared cage ends what is in it, and the cage goes on', async () => {
    const cage = make(KILL);
    const events = heard(cage);
    const [idle, error] = await Promise.all([cage.spawn('sleep', ['60']).outcome, failure(cage.run(...GREEDY))]);
    expect(error).toMatchObject({ name: 'LimitError', limit: 'stall', outcome: { stalled: KILLED } });
    expect(idle).toMatchObject({ signal: 'SIGKILL', stalled: KILLED });
    await until('the event', () => events.length > 0);
    expect(events).toMatchObject([{ limitMs: MS, killed: true }]);
    // What was before is no other child's.
    expect(await cage.run('true')).toMatchObject({ exitCode: 0, stalled: null });
    expect(await failure(cage.run(...GREEDY))).toMatchObject({
      name: 'LimitError',
      limit: 'stall',
      outcome: { stalled: KILLED },
    });
  });

  test('of a cage around holds for a cage within it', async () => {
    const cage = make(KILL);
    expect(await failure(cage.run(...GREEDY, { memory: '200M', stall: { limitMs: 60_000 } }))).toMatchObject({
      outcome: { stalled: KILLED },
    });
  });

  test('per child is each child\u2019s own', async () => {
    const cage = make({ memory: '400M', perChild: KILL });
    const other = cage.spawn('sleep', ['60']);
    const ended = await failure(cage.run(...GREEDY));
    expect(ended).toMatchObject({ name: 'LimitError', limit: 'stall', outcome: { stalled: KILLED } });
    expect(other.signalCode).toBeNull();
    other.kill();
    expect(await other.outcome).toMatchObject({ signal: 'SIGTERM', stalled: null });
  });

  test('can change in a cage that was made with it', async () => {
    const cage = make({ memory: NARROW, stall: { limitMs: 60_000, action: 'event' } });
    const events = heard(cage);
    const child = cage.spawn(...GREEDY, { stdio: 'ignore' });
    cage.setLimits({ stall: { limitMs: MS } });
    await until('the event', () => events.length > 0);
    expect(events).toMatchObject([{ limitMs: MS, killed: false }]);
    cage.setLimits({ stall: { action: 'kill' } });
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', stalled: KILLED });
  });

  test.each(['exit 0', 'kill KILL => $$; sleep 60'])(
    'that has only told is no kill, whatever is in force later: %s',
    async (end) => {
      const cage = make({ memory: NARROW, stall: { limitMs: MS, action: 'event' } });
      cage.on('stall', () => cage.setLimits({ memory: WIDE, stall: { limitMs: 60_000, action: 'kill' } }));
      const ended = await cage.run('perl', ['-e', `$k = "x"; $k x= 60 << 20; ${end}`], { reject: false });
      expect(ended).toMatchObject({ oom: null, stalled: { limitMs: MS, killed: false } });
      expect(ended.signal).toBe(end.startsWith('kill') ? 'SIGKILL' : null);
      expect(ended.error?.name).not.toBe('LimitError');
    },
  );

  test('tells of a kill before the limit changes', async () => {
    const cage = make(KILL);
    const events = heard(cage);
    const child = cage.spawn(...GREEDY, { stdio: 'ignore' });
    // The events of the meter wait for the event loop.
    expect(block(() => members(cage).length === 0, 20_000)).toBe(true);
    expect(events).toEqual([]);
    cage.setLimits({ stall: { limitMs: 60_000, action: 'event' } });
    expect(events).toMatchObject([KILLED]);
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', stalled: KILLED });
    expect(events).toHaveLength(1);
  });

  test('of each child is not weaker for one that only wants to be told', async () => {
    const cage = make({ memory: '400M', perChild: KILL });
    const child = cage.spawn(...GREEDY, { memory: NARROW, stall: { limitMs: 500, action: 'event' }, stdio: 'ignore' });
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL', stalled: KILLED });
  });

  test('that can\u2019t change leaves the other limits as they were', () => {
    const cage = make({ memory: '100M', stall: {} });
    const release = fillFds(2);
    try {
      expect(() => cage.setLimits({ memory: '50M', stall: { limitMs: MS } })).toThrow(/EMFILE/);
    } finally {
      release();
    }
    expect(cage.cgroup.limits().max).toBe(100 * 2 ** 20);
  });

  test('stays as it was if another limit is refused', async () => {
    const cage = make({ memory: NARROW, cpu: { set: '0' }, stall: { limitMs: MS, action: 'event' } });
    const fds = openFdCount();
    expect(() => cage.setLimits({ cpu: { set: '5000' }, stall: { limitMs: 60_000, action: 'kill' } })).toThrow(
      /cpu\.set/,
    );
    expect(openFdCount()).toBe(fds);
    const events = heard(cage);
    const child = cage.spawn(...GREEDY, { stdio: 'ignore' });
    await until('the event', () => events.length > 0);
    expect(events).toMatchObject([{ limitMs: MS, killed: false }]);
    child.kill('SIGKILL');
    await child.outcome;
  });

  test('can not be set in a cage that was made without it', () => {
    const cage = make({ memory: '100M' });
    expect(() => cage.setLimits({ memory: '50M', stall: {} })).toThrow(
      expect.objectContaining({ code: 'ERR_MEMCAGE_UNSUPPORTED', message: expect.stringMatching(/^stall /) as string }),
    );
    expect(cage.cgroup.limits().max).toBe(100 * 2 ** 20);
  });

  test('of a launcher is in its report', async () => {
    const launcher = createLauncher(KILL);
    const child = spawn(launcher.file, [...launcher.args, GREEDY[0], ...GREEDY[1]], { stdio: 'ignore' });
    expect(await child.outcome).toMatchObject({ signal: 'SIGKILL' });
    expect(await launcher.close()).toMatchObject({ oom: null, stalled: KILLED });
  });

  test('is refused where nobody would be left to hold it', () => {
    expect(() => spawn('true', [], { stall: {}, detached: true })).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
        message: expect.stringMatching(/^stall can't be given with detached: /) as string,
      }),
    );
  });
});

describeIf(['v2', 'psi-switch', 'root'], 'a limit of stalls of what turns PSI off', () => {
  expectNothingLeft(() => run('true', KILL));

  test('ends it', async () => {
    const [program, [file]] = GREEDY;
    const script = `${OWN_CGROUP_IN_SHELL}; echo 0 >"$own/cgroup.pressure" && exec ${program} ${file}`;
    expect(await failure(run('sh', ['-c', script], KILL))).toMatchObject({
      name: 'LimitError',
      limit: 'stall',
      outcome: { signal: 'SIGKILL', stalled: { ...KILLED, toldBy: 'pressure' } },
    });
  });
});

describeIf(['v2', 'swap', 'root'], 'a limit of stalls above swapHigh', () => {
  expectNothingLeft(() => run('true', KILL));

  test.each([0, '4M'] as const)('ends what the kernel slows down for it: %s', async (swapHigh) => {
    const memory = { max: '16M', swap: 'max', swapHigh } as const;
    expect(await failure(run(...GREEDY, { memory, stall: { limitMs: MS } }))).toMatchObject({
      name: 'LimitError',
      limit: 'stall',
      outcome: { signal: 'SIGKILL', oom: null, stalled: { ...KILLED, toldBy: 'pressure' } },
    });
  });

  (has('reclaim') ? test : test.skip)(
    'leaves alone what has swapped as much, and then computes or sleeps',
    async () => {
      const script = '$| = 1; $k = "x" x (8 << 20); print "done\\n"; <STDIN>; $i += $_ for 1 .. 1e7; sleep 2';
      const child = spawn('perl', ['-e', script], {
        memory: { max: '64M', swap: 'max' },
        stall: { limitMs: MS },
        stdio: 'pipe',
      });
      await said(child, 'done');
      const { cgroup } = child.cage;
      await cgroup.reclaim('4M');
      const swapBytes = cgroup.get('memory.swap.current');
      // So little above it that nothing is slowed down.
      cgroup.setLimits({ swapHigh: Math.floor(swapBytes * 0.99) });
      child.stdin.end('\n');
      expect(await child.outcome).toMatchObject({ exitCode: 0, stalled: null });
    },
  );
});

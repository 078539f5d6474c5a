import { setImmediate } from 'node:timers/promises';
import { createCage, run, spawn } from 'memcage';
import { allocate } from '../../support/cage-kinds';
import { starts } from '../../support/children/starts';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { threadCount } from '../../support/processes/processes';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(120_000));

const STARTS = starts(1000);
const AT_ONCE = 50;
const TICK_MS = 20;
const SLOW_MS = patience(100);

interface Ended {
  exitCode: number | null;
  signal: string | null;
  oom: { cause: string; kills: number } | null;
}

/** What is started, and how it must end. */
const kinds: [string, string[], Ended][] = [
  ['true', [], { exitCode: 0, signal: null, oom: null }],
  ['sh', ['-c', 'exit 3'], { exitCode: 3, signal: null, oom: null }],
  ['sh', ['-c', 'kill -9 $$'], { exitCode: null, signal: 'SIGKILL', oom: null }],
  ['sh', ['-c', `exec ${allocate(30)}`], { exitCode: null, signal: 'SIGKILL', oom: { cause: 'limit', kills: 1 } }],
  ['sh', ['-c', 'sleep 1000 & exit 0'], { exitCode: 0, signal: null, oom: null }],
  ['/no/such/program', [], { exitCode: null, signal: null, oom: null }],
];

describeIf('cgroup', 'a storm of starts while siblings run into OOM', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test(`${STARTS} starts, ${AT_ONCE} at a time, in private and shared cages`, async () => {
    const shared = createCage({ memory: '200M' });
    // Start all kinds once before counting anything.
    for (const [file, args] of kinds) await run(file, args, { memory: '8M', reject: false }).catch(() => {});
    const before = { fds: openFds(), threads: threadCount() };

    const late: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      late.push(performance.now() - last - TICK_MS);
      last = performance.now();
    }, TICK_MS);
    const blocked: number[] = [];
    let started = 0;
    const wrong: unknown[] = [];
    const one = async (turns: number): Promise<void> => {
      // Don't start all the first ones in one turn of the event loop.
      for (let waited = 0; waited < turns; waited += 1) await setImmediate();
      while (started < STARTS) {
        started += 1;
        const turn = started;
        const [file, args, expected] = kinds[turn % kinds.length] as (typeof kinds)[number];
        const start = performance.now();
        const child =
          turn % 3 === 0 && expected.oom === null
            ? shared.spawn(file, args, { stdio: 'ignore' })
            : spawn(file, args, { memory: '8M', stdio: 'ignore', namespaces: { uts: turn % 2 === 0 } });
        blocked.push(performance.now() - start);
        child.on('error', () => {});
        const { exitCode, signal, oom, error } = await child.outcome;
        const end = { exitCode, signal, oom: oom && { cause: oom.cause, kills: oom.kills } };
        const excused = file.startsWith('/no') ? (error as NodeJS.ErrnoException)?.code === 'ENOENT' : !error;
        if (JSON.stringify(end) !== JSON.stringify(expected) || !excused) wrong.push({ turn, file, end, error });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, turns) => one(turns)));
    clearInterval(timer);
    await shared.close();

    expect(wrong).toEqual([]);
    expect(blocked).toHaveLength(STARTS);
    // On a busy machine any call, and any turn of the event loop, may take long, but few do. One kind in which all did
    // would be a sixth.
    for (const times of [blocked, late]) {
      const slow = times.filter((ms) => ms > SLOW_MS);
      expect(slow.length).toBeLessThan(Math.max(2, times.length / 10));
    }
    // It was not a single one that took the whole time.
    expect(late.length).toBeGreaterThan(5);
    await until('the threads have ended', () => threadCount() <= before.threads);
    await expectNoNewFds(before.fds, 4);
  });
});

import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture, said } from '../../support/cage-kinds';
import { cagesOf } from '../../support/cgroups/cgroup-tree';
import { starts } from '../../support/children/starts';
import { patience } from '../../support/patience';
import { endNow, isAlive, processesWith } from '../../support/processes/processes';
import { random, seedOf } from '../../support/random';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

jest.setTimeout(patience(240_000));

const ROUNDS = starts(40);
const AT_ONCE = 2;
/** Enough for the first cage and some dozens of starts. */
const LONGEST_LIFE_MS = patience(100);

/** All processes that a victim starts inherit it, however they leave. */
const MARK = 'MEMCAGE_VICTIM';

function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && environmentOf(pid).includes(`${MARK}=${mark}\0`));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It has ended, or is not ours to look into.
    return '';
  }
}

describeIf(['cgroup', 'root'], 'a process that is killed while it creates, spawns, runs and closes', () => {
  const marks = new Set<string>();
  const next = random(seedOf());

  afterEach(() => {
    for (const mark of marks) marked(mark).forEach(endNow);
  });

  /** Lets it live and kills it. Tells how much there was of it at that moment, and how long that lasted. */
  async function round(turn: number): Promise<{ cages: number; lastedMs: number }> {
    const mark = `${process.pid}-${turn}`;
    marks.add(mark);
    const victim = nodeSpawn(process.execPath, [fixture('victim.js')], {
      env: { ...process.env, [MARK]: mark },
    });
    victim.stderr.pipe(process.stderr);
    const exit = once(victim, 'exit');
    const { pid = 0 } = victim;
    // Half of them may die before their first cage is complete.
    await said(victim, turn % 2 === 0 ? 'go' : 'running');
    await sleep(next() * LONGEST_LIFE_MS);
    const cages = cagesOf(pid).length;
    victim.kill('SIGKILL');
    await exit;
    const killed = performance.now();
    const left = () => [...cagesOf(pid), ...marked(mark), ...processesWith(`--guardian=${pid} `)];
    // The cheapest check first: looking at all processes takes so long that the others would be late.
    await until('no cgroup is left', () => cagesOf(pid).length === 0).catch(() => {});
    await until('nothing is left', () => left().length === 0).catch(() => {});
    const lastedMs = performance.now() - killed;
    expect(left()).toEqual([]);
    marks.delete(mark);
    return { cages, lastedMs };
  }

  test(`${ROUNDS} times, at any moment: nothing is left of it, a second later in most cases`, async () => {
    const rounds: { cages: number; lastedMs: number }[] = [];
    let started = 0;
    const lane = async (): Promise<void> => {
      while (started < ROUNDS) {
        started += 1;
        rounds.push(await round(started));
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
    expect(lanes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(rounds).toHaveLength(ROUNDS);
    expect(rounds.filter(({ lastedMs }) => lastedMs > patience(1000)).length).toBeLessThan(ROUNDS / 4);
    // On a busy machine those that were killed soon have had none yet.
    expect(rounds.filter(({ cages }) => cages > 0).length).toBeGreaterThanOrEqual(ROUNDS / 4);
  });
});

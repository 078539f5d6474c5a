import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Budget, createBudget } from 'memcage';
import { byTurns } from '../support/by-turns';
import type { Case, Row } from '../support/case';
import { type DrawnJob, drawJobs, MOST_MIB } from '../support/drawn-jobs';

const MIB = 2 ** 20;
const MEMORY_MIB = 8192;
/** The program's own memory, and page tables. */
const OWN_MIB = 2;
const OWN_PART = 1.01;
/** By limits jobs are so slow that fewer have to do. */
const FEWER = 20;

/**
 * Test files whose memory is as in a published distribution, in a budget of 8 GiB: admitted by their limits, by their use (`once`:
 * where none can start again), and by an oracle that knows each peak. For a smaller machine, BUDGET_SCALE multiplies all sizes: 0.125 is for 1 GiB. A turn takes four
 * minutes, BUDGET_TURNS (1) is how many.
 */
export const budget: Case = {
  name: 'budget',
  async run({ quick }) {
    const scale = Number(process.env.BUDGET_SCALE ?? 1);
    const directory = mkdtempSync(join(tmpdir(), 'memcage-bench-budget-'));
    try {
      const program = join(directory, 'memory-profile');
      const source = join(__dirname, '../../../bench/support/memory-profile.c');
      execFileSync('c++', ['-x', 'c', '-O1', '-o', program, source]);
      const jobs = drawJobs({ seed: 1, count: quick ? 200 : 600, shape: 'mixed', correlation: 0.5, scale });
      return await compare(program, jobs, { scale, turns: Number(process.env.BUDGET_TURNS ?? 1) });
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

interface Totals {
  killed: number;
  evicted: number;
  /** Killed by the kernel or the budget, and not started again. */
  lost: number;
  frozen: number;
  mostRunning: number;
}

async function compare(
  program: string,
  jobs: readonly DrawnJob[],
  { scale, turns }: { scale: number; turns: number },
): Promise<Row[]> {
  const totals = { limits: noTotals(), use: noTotals(), once: noTotals(), oracle: noTotals() };
  const measure = (kind: keyof typeof totals, some: readonly DrawnJob[]) => async (): Promise<number> => {
    await using shared = createBudget({
      memory: scale * MEMORY_MIB * MIB,
      admit: kind === 'use' || kind === 'once' ? 'use' : 'limits',
    });
    const limitOf = ({ peakMib }: DrawnJob): number => withOwn(kind === 'oracle' ? peakMib : scale * MOST_MIB);
    const stdio = kind === 'once' ? 'inherit' : 'ignore';
    return (await timeOf(shared, { program, jobs: some, limitOf, stdio }, totals[kind])) / some.length;
  };
  const few = jobs.slice(0, Math.ceil(jobs.length / FEWER));
  const times = await byTurns(
    {
      ...{ limits: measure('limits', few), use: measure('use', jobs) },
      ...{ once: measure('once', jobs), oracle: measure('oracle', jobs) },
    },
    { count: turns, warmUp: 0, block: 1 },
  );
  return [
    ...(['limits', 'use', 'once', 'oracle'] as const).map((kind) => ({
      measure: `budget: jobs per second, admitted by ${kind}`,
      value: `${(1000 / times[kind]).toFixed(2)}, at most ${totals[kind].mostRunning} at a time`,
    })),
    ratio('budget: time by use, of that by limits', times.use / times.limits),
    { ...ratio('budget: time by use, of that of an oracle', times.use / times.oracle), bound: 1.11 },
    {
      measure: 'budget: jobs killed for memory by the kernel, by use',
      value: `${totals.use.killed}, and ${totals.use.evicted} evicted`,
      figure: totals.use.killed,
      bound: 0,
    },
    {
      ...ratio(
        'budget: time of jobs that can not start again, by use, of that of an oracle',
        times.once / times.oracle,
      ),
      bound: 1.25,
    },
    {
      measure: 'budget: jobs that can not start again and were lost, of 1,000',
      value: `${perThousand(totals.once.lost, jobs.length * turns)}, with ${totals.once.frozen} frozen`,
      figure: perThousand(totals.once.lost, jobs.length * turns),
      bound: 1,
    },
  ];
}

const noTotals = (): Totals => ({ killed: 0, evicted: 0, lost: 0, frozen: 0, mostRunning: 0 });

const perThousand = (count: number, of: number): number => Math.round((count / of) * 1e5) / 100;

const withOwn = (mib: number): number => Math.ceil((mib * OWN_PART + OWN_MIB) * MIB);

const ratio = (measure: string, figure: number) => ({ measure, value: figure.toFixed(3), figure });

interface Work {
  program: string;
  jobs: readonly DrawnJob[];
  limitOf(job: DrawnJob): number;
  stdio: 'ignore' | 'inherit';
}

/** Milliseconds until all have run. */
async function timeOf(shared: Budget, { program, jobs, limitOf, stdio }: Work, totals: Totals): Promise<number> {
  shared.on('started', () => {
    totals.mostRunning = Math.max(totals.mostRunning, shared.stats().running);
  });
  // By the kernel, though the budget may have run it again.
  shared.on('ended', ({ outcome, again, frozenMs }) => {
    if (frozenMs > 0) totals.frozen += 1;
    if (again === null && outcome?.signal === 'SIGKILL') totals.lost += 1;
    if (again === 'budget' && outcome?.oom === null) totals.evicted += 1;
    else if (outcome !== null && outcome.oom !== null) totals.killed += 1;
  });
  const start = performance.now();
  await Promise.all(
    jobs.map((job) => shared.run(program, pointsOf(job), { memory: limitOf(job), stdio, reject: false })),
  );
  return performance.now() - start;
}

/** Arguments of memory-profile. */
function pointsOf({ durationMs, usedAt }: DrawnJob): string[] {
  const stepMs = Math.max(10, durationMs / 200);
  const args: string[] = [];
  for (let ms = stepMs; ms < durationMs; ms += stepMs) {
    args.push(ms.toFixed(0), (usedAt(ms) * 1024).toFixed(0));
  }
  return [...args, durationMs.toFixed(0), (usedAt(durationMs) * 1024).toFixed(0)];
}

import { type ChildProcess, fork as nodeFork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWarmPool, fork, formatSize } from 'memcage';
import { byTurns } from '../support/by-turns';
import type { Case, Row } from '../support/case';
import { median, milliseconds } from '../support/stats';

const MODULE = join(__dirname, '../support/answers.js');
const memory = '500M';

type Pool = ReturnType<typeof start>;

function start(trim = false) {
  return createWarmPool(MODULE, { memory, spare: 2, trim });
}

/** All spares wait: what is measured is the way to one of them, not the load of the machine by the start of others. */
async function filled(pool: Pool): Promise<void> {
  while (pool.stats().spare < 2 || pool.stats().busy > 0) await sleep(5);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const called = process.hrtime.bigint();
  await work();
  return milliseconds(called, process.hrtime.bigint());
}

async function answerOf(child: ChildProcess): Promise<void> {
  const answer = once(child, 'message');
  child.send('question');
  await answer;
}

/** Time to the first answer. The end of the child is not measured. */
async function timeFork(start: () => ChildProcess): Promise<number> {
  let child: ChildProcess | undefined;
  const time = await timed(() => {
    child = start();
    return answerOf(child);
  });
  await ended(child);
  return time;
}

async function timeTake(pool: Pool): Promise<number> {
  await filled(pool);
  let child: ChildProcess | undefined;
  const time = await timed(async () => {
    child = await pool.take();
    await answerOf(child);
  });
  await ended(child);
  return time;
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}

async function timeRun(pool: Pool): Promise<number> {
  await filled(pool);
  return timed(() => pool.ask('question'));
}

/** What a child that waits holds: the usage of its cage, which the first to read Node's program from the disk pays too. */
async function heldBySpares(trim: boolean, count: number): Promise<number> {
  const pool = start(trim);
  const held: number[] = [];
  try {
    for (let n = 0; n < count; n += 1) {
      await filled(pool);
      // A second, and the time for the work.
      await sleep(2000);
      const child = await pool.take();
      held.push(child.cage.cgroup.usage().usageBytes);
      await ended(child);
    }
  } finally {
    await pool.close();
  }
  return median(held);
}

export const warmPool: Case = {
  name: 'warm-pool',
  async run({ quick }) {
    const pool = start();
    try {
      const medians = await byTurns(
        {
          stock: () => timeFork(() => nodeFork(MODULE)),
          caged: () => timeFork(() => fork(MODULE, { memory })),
          run: () => timeRun(pool),
          take: () => timeTake(pool),
        },
        { count: quick ? 20 : 100, warmUp: 5, block: 5 },
      );
      const { stock, caged, run, take } = medians;
      return [
        row('warm run() to its answer', run, 5),
        row('take(), send() and the first answer', take, 5),
        row('fork, send() and the first answer: caged', caged),
        row('the same: stock', stock),
        size('a child that waits holds', await heldBySpares(false, quick ? 3 : 10)),
        size('the same, trimmed', await heldBySpares(true, quick ? 3 : 10)),
      ];
    } finally {
      await pool.close();
    }
  },
};

function row(measure: string, ms: number, bound?: number): Row {
  const value = `${ms.toFixed(2)} ms`;
  return bound === undefined ? { measure, value } : { measure, value, figure: ms, bound };
}

function size(measure: string, bytes: number): Row {
  return { measure, value: formatSize(bytes) };
}

import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, milliseconds } from './stats';

/**
 * One start. `total` is from the call to 'exit' and the end of the clean-up, `block` the synchronous part of the
 * call.
 */
export interface Sample {
  totalMs: number;
  blockMs: number;
}

export type Start = () => Started | Promise<Started>;

type Started = ChildProcess & { outcome?: Promise<unknown> };

export async function timeStart(start: Start): Promise<Sample> {
  const called = process.hrtime.bigint();
  const starting = start();
  // A job with room starts before anything else in the event loop: until then it blocks, too.
  const child = starting instanceof Promise ? await starting : starting;
  const returned = process.hrtime.bigint();
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
  // Resolves when the cgroup has been removed.
  await child.outcome;
  return { totalMs: milliseconds(called, process.hrtime.bigint()), blockMs: milliseconds(called, returned) };
}

export interface InterleaveOptions {
  /** How many starts of each kind count. */
  count: number;
  warmUp: number;
  /** Pause between two starts. */
  pauseMs: number;
  /**
   * Starts of one kind in a row. Use more than one if starts follow each other closely: after a fork() the parent
   * pays with page faults, which would otherwise count for the next start of the other kind.
   */
  block: number;
}

export type Medians<K extends string> = Record<K, Sample>;

/** Medians of several kinds of start, taken in turns and in alternating order. */
export async function interleave<K extends string>(
  kinds: Readonly<Record<K, Start>>,
  { count, warmUp, pauseMs, block }: InterleaveOptions,
): Promise<Medians<K>> {
  const names = Object.keys(kinds) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<K, Sample[]>;
  for (const name of names) for (let i = 0; i < warmUp; i += 1) await timeStart(kinds[name]);
  for (let round = 0; round < Math.ceil(count / block); round += 1) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      for (let i = 0; i < block; i += 1) {
        if (pauseMs > 0) await sleep(pauseMs);
        samples[name].push(await timeStart(kinds[name]));
      }
    }
  }
  const medianOf = (name: K): Sample => ({
    totalMs: median(samples[name].map(({ totalMs }) => totalMs)),
    blockMs: median(samples[name].map(({ blockMs }) => blockMs)),
  });
  return Object.fromEntries(names.map((name) => [name, medianOf(name)])) as Medians<K>;
}

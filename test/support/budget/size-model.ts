import { type Baseline, baselineOf } from '../../../lib/programs/cli/commands/size/baseline';
import { answerOf, judgeTrial } from '../../../lib/programs/cli/commands/size/judgement';
import { type FoundLimits, search } from '../../../lib/programs/cli/commands/size/search';
import type { Trial } from '../../../lib/programs/cli/commands/size/trial';

export const MIB = 2 ** 20;

/** A run without a limit that nothing is wrong with. */
export const WELL: Trial = {
  limitBytes: Number.POSITIVE_INFINITY,
  durationMs: 1000,
  exitCode: 0,
  signal: null,
  oomKills: 0,
  isStalled: false,
  isCut: false,
  isThrashing: false,
  isSpent: false,
  isHeapExhausted: false,
  stallMs: null,
  cpuMs: 800,
  majorFaults: 0,
  refaults: 0,
  peakBytes: 100 * MIB,
  programBytes: 90 * MIB,
  error: undefined,
};

/** A program: what a run at a limit does. `noise` is between -1 and 1. */
export type Model = (limitBytes: number, noise: number) => Partial<Trial>;

/** Random numbers that are the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What `memcage size` finds out about a model, and in how many runs. `time` is for how many. */
export async function sizeModel(
  model: Model,
  { seed, time = Number.POSITIVE_INFINITY }: { seed: number; time?: number },
): Promise<{ found: FoundLimits; runs: number; baseline: Baseline; limits: number[] }> {
  const random = seeded(seed);
  const run = (limitBytes: number): Trial => ({ ...WELL, ...model(limitBytes, 2 * random() - 1), limitBytes });
  const first = run(Number.POSITIVE_INFINITY);
  const others = time < 20 ? [] : [run(Number.POSITIVE_INFINITY), run(Number.POSITIVE_INFINITY)];
  const baseline = baselineOf(first, others, 0.5);
  const limits: number[] = [];
  const { programBytes: startBytes, peakBytes } = baseline;
  const hasTime = (): boolean => 1 + others.length + limits.length < time;
  const found = await search({ startBytes, peakBytes: peakBytes ?? 0, hasTime }, (limitBytes) => {
    limits.push(limitBytes);
    const trial = run(limitBytes);
    const judgement = judgeTrial(trial, baseline);
    return Promise.resolve(answerOf(judgement, trial, baseline));
  });
  return { found, runs: 1 + others.length + limits.length, baseline, limits };
}

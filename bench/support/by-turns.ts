import { median } from './stats';

/** One measurement, in milliseconds. */
export type Measure = () => number | Promise<number>;

export interface TurnOptions {
  /** How many measurements of each kind count. */
  count: number;
  warmUp: number;
  /** Measurements of one kind in a row. The first of them pays for work that the other kind left. */
  block: number;
  /** What stands for all measurements of a kind. Default: the median. */
  figure?(times: readonly number[]): number;
}

/** A figure for each of several kinds of measurement, taken in turns and in alternating order. */
export async function byTurns<K extends string>(
  kinds: Readonly<Record<K, Measure>>,
  { count, warmUp, block, figure = median }: TurnOptions,
): Promise<Record<K, number>> {
  const names = Object.keys(kinds) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (const name of names) for (let i = 0; i < warmUp; i += 1) await kinds[name]();
  for (let round = 0; round < Math.ceil(count / block); round += 1) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      for (let i = 0; i < block; i += 1) times[name].push(await kinds[name]());
    }
  }
  return Object.fromEntries(names.map((name) => [name, figure(times[name])])) as Record<K, number>;
}

import { random, sample } from '../random';

/** What could be tried, and how much of it. */
export interface Choice<T> {
  all: readonly T[];
  /** One of those that differ only in the count. */
  distinct: readonly T[];
  /** The variable that says how many: a number, `distinct` or `all`. Who has set it sees at once what is wrong. */
  asked: string | undefined;
  usually: number;
}

/**
 * Some of the operations, first those that `isFirst`: each has to be carried out once with nothing done to it, which costs as much as
 * one of those that are tried. Who has asked for a number of its own gets all.
 */
export function drawOperations(
  names: readonly string[],
  { asked, usually }: Pick<Choice<string>, 'asked' | 'usually'>,
  seed: number,
  isFirst: (name: string) => boolean,
): readonly string[] {
  if (asked !== undefined || names.length <= usually) return names;
  return draw({ all: names, distinct: names, asked, usually }, seed, isFirst);
}

/** Draws from them; first those that `isFirst`. Throws if there are so few that whatever found them did not work. */
export function draw<T>(
  { all, distinct, asked, usually }: Choice<T>,
  seed: number,
  isFirst: (one: T) => boolean,
): readonly T[] {
  if (distinct.length < usually)
    throw new Error(`only ${distinct.length} could be tried: at least ${usually} are expected`);
  if (asked === 'all') return all;
  if (asked === 'distinct') return distinct;
  const count = Number(asked ?? usually);
  if (!Number.isInteger(count) || count < 1) throw new Error(`all, distinct, or how many: not ${asked}`);
  const next = random(seed);
  const first = sample(distinct.filter(isFirst), count, next);
  const others = distinct.filter((one) => !isFirst(one));
  return [...first, ...sample(others, count - first.length, next)];
}

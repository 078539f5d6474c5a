import { writeSync } from 'node:fs';
import { describeIf } from '../require';
import { type Operated, type OperateOptions, operate } from './operate';
import { makePlace, type Place } from './place';
import { random, sample, seedOf } from './sample';

const HOUR_MS = 3_600_000;
/** All of them take hours. */
export const LONGEST_MS = HOUR_MS * 10;

/** Of those that the draw has chosen, the n-th may no longer be reached: a run differs a little from the one before. */
const mayMiss = (count: number): number => Math.max(3, count / 10);

interface Choice<T> {
  all: readonly T[];
  /** One of those that differ only in the count. */
  distinct: readonly T[];
  /** The variable that says how many: a number, `distinct` or `all`. Who has set it sees at once what is wrong. */
  asked: string | undefined;
  usually: number;
}

/** What came of one try. */
interface Tried {
  reached: boolean;
  wrong: readonly string[];
}

/**
 * Tests in a place of their own, which `inPlace` is given when they run. A kernel that is a process is slow at them: in guests
 * only when `asked`.
 */
export function describeInPlace(title: string, asked: string | undefined, body: (inPlace: () => Place) => void): void {
  describeIf(['seccomp', 'root', 'cgroup', ...(asked === undefined ? (['machine'] as const) : [])], title, () => {
    let place: Place;
    beforeAll(() => {
      place = makePlace();
    });
    afterAll(() => place.remove());
    body(() => place);
  });
}

/** An operation to which nothing is done: it works, and leaves nothing. */
export async function operateSoundly(name: string, place: Place, options: OperateOptions = {}): Promise<Operated> {
  const run = await operate(name, place, options);
  if (run.said === undefined) throw new Error(`${name} ended with ${run.status}: ${run.stderr}`);
  expect([name, run.said.first.error, run.said.stray, run.remains, run.left]).toEqual([name, undefined, [], [], []]);
  return run;
}

/** Tries some of them, and fails if anything is wrong. */
export async function tryEach<T>(
  what: string,
  { all, distinct, asked, usually }: Choice<T>,
  attempt: (one: T, index: number) => Promise<Tried>,
): Promise<void> {
  const seed = seedOf();
  const some = (): T[] => sample(distinct, Number(asked ?? usually), random(seed));
  const chosen = asked === 'all' ? all : asked === 'distinct' ? distinct : some();
  const of = `${chosen.length} of ${all.length} ${what} (${distinct.length} distinct)`;
  writeSync(2, `${of}, MEMCAGE_TEST_SEED=${seed}\n`);
  const wrong: string[] = [];
  let missed = 0;
  for (const [index, one] of chosen.entries()) {
    const tried = await attempt(one, index);
    if (!tried.reached) missed += 1;
    wrong.push(...tried.wrong);
    if (asked !== undefined) for (const line of tried.wrong) writeSync(2, `${line}\n`);
  }
  writeSync(2, `${missed} were not reached\n`);
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
  expect(missed).toBeLessThan(mayMiss(chosen.length));
}

import { writeSync } from 'node:fs';
import { seedOf } from '../random';
import { describeIf } from '../require';
import { type Choice, draw, drawOperations } from './draw';
import { type Operated, type OperateOptions, operate } from './operate';
import { makePlace, type Place } from './place';
import { changedPaths, isAbout, type Site, touches } from './touched';

const HOUR_MS = 3_600_000;
/** All of them take hours. */
export const LONGEST_MS = HOUR_MS * 10;

/**
 * Of those that the draw has chosen, the n-th may no longer be reached: a run differs a little from the one before. But one that
 * has reached none has tried nothing.
 */
const mayMiss = (count: number): number => Math.min(count, Math.max(3, count / 10));

/** Far fewer than any operation has. Without its windows, an operation has none. */
const LEAST_POINTS = 50;

/** All that a test file draws is drawn by this one. */
const seed = seedOf();

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

/** Those of the operations that are tried this time, first those that a change is about. All where the caller names some, or asks for a number. */
export function operationsToTry(
  names: readonly string[],
  asked: string | undefined,
  usually: number,
): readonly string[] {
  const all = asked ?? process.env['MEMCAGE_TEST_OPERATIONS'];
  return drawOperations(names, { asked: all, usually }, seed, isAbout(changedPaths()));
}

/** An operation to which nothing is done: it works, and leaves nothing. */
export async function operateSoundly(name: string, place: Place, options: OperateOptions = {}): Promise<Operated> {
  const run = await operate(name, place, options);
  if (run.said === undefined) throw new Error(`${name} ended with ${run.status}: ${run.stderr}`);
  expect([name, run.said.first.error, run.said.stray, run.remains, run.left]).toEqual([name, undefined, [], [], []]);
  if (run.points.length < LEAST_POINTS) throw new Error(`${name} has only ${run.points.length} points`);
  return run;
}

/** Tries some of them, and fails if anything is wrong. */
export async function tryEach<T extends Site>(
  what: string,
  choice: Choice<T>,
  attempt: (one: T, index: number) => Promise<Tried>,
): Promise<void> {
  const isTouched = touches(changedPaths());
  const { all, distinct, asked } = choice;
  const chosen = draw(choice, seed, isTouched);
  const of = `${chosen.length} of ${all.length} ${what} (${distinct.length} distinct)`;
  const touched = `${chosen.filter(isTouched).length} of ${distinct.filter(isTouched).length} where the change is`;
  writeSync(2, `${of}, ${touched}, MEMCAGE_TEST_SEED=${seed}\n`);
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

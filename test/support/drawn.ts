import { changedPaths } from './proving/touched';
import { random, sample, seedOf } from './random';

/**
 * So many of the rows of a table, by MEMCAGE_TEST_SEED, which the gate sets to another one for each commit; all where it is not set. For
 * variants of one thing, that go through the same code. Tables of the same rows draw others with another salt.
 */
export function drawn<T>(rows: readonly T[], count: number, salt = 0): readonly T[] {
  return process.env['MEMCAGE_TEST_SEED'] === undefined ? rows : sample(rows, count, random(seedOf() + salt));
}

/**
 * In the gate those that the change touches, and every second of the others: its seed says which half. Elsewhere, and where
 * nobody knows what has changed, all.
 */
export function everySecond<T>(all: readonly T[], isTouched: (one: T, changed: readonly string[]) => boolean): T[] {
  const { MEMCAGE_TEST_SEED: seed, MEMCAGE_TEST_CHANGED: list } = process.env;
  if (seed === undefined || list === undefined) return [...all];
  const half = seedOf() % 2;
  const changed = changedPaths();
  return all.filter((one, index) => index % 2 === half || isTouched(one, changed));
}

import { changedPaths } from './proving/touched';
import { seedOf } from './random';

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

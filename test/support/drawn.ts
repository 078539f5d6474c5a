import { createHash } from 'node:crypto';
import { changedPaths } from './proving/touched';
import { random, sample, seedOf } from './random';

/**
 * So many of these in the gate, which gives its tests a seed: others for each commit, each version of Node, and each machine.
 * Elsewhere all of them. Only for rows that go the same way through memcage.
 *
 * @param of tells one draw of a seed from another
 */
export function drawn<T>(all: readonly T[], count: number, of: string | number = ''): T[] {
  if (process.env['MEMCAGE_TEST_SEED'] === undefined) return [...all];
  const place = `${seedOf()} ${process.versions.node} ${process.env['MEMCAGE_TEST_GUEST'] ?? ''} ${of}`;
  return sample(all, count, random(createHash('sha256').update(place).digest().readUInt32LE()));
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

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many of them, in any order, each at most once. */
export function sample<T>(all: readonly T[], count: number, next: () => number): T[] {
  const left = [...all];
  const chosen: T[] = [];
  while (chosen.length < count && left.length > 0) {
    const [one] = left.splice(Math.floor(next() * left.length), 1);
    chosen.push(one as T);
  }
  return chosen;
}

/**
 * So many of the rows of a table, by MEMCAGE_TEST_SEED, which the gate sets to another one for each commit; all where it is not set. For
 * variants of one thing, that go through the same code. Tables of the same rows draw others with another salt.
 */
export function drawn<T>(rows: readonly T[], count: number, salt = 0): readonly T[] {
  return process.env['MEMCAGE_TEST_SEED'] === undefined ? rows : sample(rows, count, random(seedOf() + salt));
}

/** MEMCAGE_TEST_SEED, or another one each time. */
export function seedOf(): number {
  const given = process.env['MEMCAGE_TEST_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (!Number.isInteger(seed)) throw new Error('MEMCAGE_TEST_SEED is an integer');
  return seed;
}

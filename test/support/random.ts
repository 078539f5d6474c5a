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

/** MEMCAGE_TEST_SEED, or another one each time. */
export function seedOf(): number {
  const given = process.env['MEMCAGE_TEST_SEED'];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (!Number.isInteger(seed)) throw new Error('MEMCAGE_TEST_SEED is an integer');
  return seed;
}

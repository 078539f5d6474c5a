import { parseSize } from '../../../../../lib/index';
import { bytesAt, placeOf, sizeAt } from '../../../../../lib/programs/cli/commands/size/grid';
import { search } from '../../../../../lib/programs/cli/commands/size/search';
import { MIB, type Model, sizeModel } from '../../../../support/budget/size-model';
import { testRows } from '../../../../support/rows';

const RUNS = 20;
const hasTime = (): boolean => true;
const SEEDS = Array.from({ length: 50 }, (_, index) => 7919 * (index + 1));

/** Needs an amount of its own each time, within 1 %, and is killed with less. */
const greedy =
  (programBytes: number, peakBytes = programBytes): Model =>
  (limitBytes, noise) => ({
    oomKills: limitBytes < programBytes * (1 + noise / 100) ? 1 : 0,
    cpuMs: 800 * (1 + noise / 50),
    durationMs: 1000 * (1 + noise / 2),
    peakBytes,
    programBytes: programBytes * (1 + noise / 20),
  });

/** Each model with the limit below which it does not run well. */
const MODELS: readonly (readonly [name: string, model: Model, edge: number])[] = [
  ['is killed', greedy(100 * MIB), 100 * MIB],
  ['is small', greedy(3.3 * MIB), 3.3 * MIB],
  ['is large', greedy(7000 * MIB), 7000 * MIB],
  ['has much page cache', greedy(60 * MIB, 4000 * MIB), 60 * MIB],
  [
    'reads again without its page cache',
    (limitBytes, noise) => ({
      refaults: Math.max(0, (220 * MIB - limitBytes) / 4096) * (2 + noise),
      programBytes: 12 * MIB,
      peakBytes: 250 * MIB,
    }),
    // A tenth of its pages may be read again.
    208 * MIB,
  ],
  [
    'collects garbage more often, on a busy machine',
    (limitBytes, noise) => ({
      cpuMs: (700 + 10 / Math.max(0.01, limitBytes / (200 * MIB) - 1) ** 2) * (1 + noise / 10),
      programBytes: 400 * MIB,
      peakBytes: 420 * MIB,
    }),
    // Half of the time without a limit is over where it collects for 350 ms.
    234 * MIB,
  ],
  [
    'has a heap of half of its limit',
    (limitBytes) => ({
      isHeapExhausted: limitBytes < 300 * MIB,
      signal: limitBytes < 300 * MIB ? 'SIGABRT' : null,
      programBytes: 170 * MIB,
      peakBytes: 190 * MIB,
    }),
    300 * MIB,
  ],
];

testRows(
  'finds about the smallest good limit, in a bounded number of runs, and the same each time',
  MODELS,
  async ([, model, edge]) => {
    const all: number[] = [];
    let certain = 0;
    for (const seed of SEEDS) {
      const { found, runs } = await sizeModel(model, { seed });
      expect(runs).toBeLessThanOrEqual(RUNS);
      if (found.isCertain) certain += 1;
      all.push(bytesAt(found.good ?? 0));
    }
    expect(certain).toBeGreaterThan(0.9 * SEEDS.length);
    all.sort((a, b) => a - b);
    // Not every search: what happens by chance now and then does so here too.
    const [low = 0, high = 0] = [all[2], all.at(-3)];
    expect(low / edge).toBeGreaterThan(0.93);
    expect(high / edge).toBeLessThan(1.1);
    expect(high / low).toBeLessThanOrEqual(1.1);
  },
  { name: ([name]) => name },
);

test('without noise, the limit below the one that it finds is not good', async () => {
  for (let mib = 1.5; mib < 3000; mib *= 1.17) {
    const { found } = await sizeModel((limitBytes) => ({ ...greedy(mib * MIB)(limitBytes, 0) }), {
      seed: 1,
    });
    expect(bytesAt(found.good ?? 0)).toBeGreaterThanOrEqual(mib * MIB);
    expect(bytesAt((found.good ?? 0) - 1)).toBeLessThan(mib * MIB);
  }
});

test('a command that needs nothing has the smallest size', async () => {
  const { found } = await sizeModel(() => ({ programBytes: 5 * MIB, peakBytes: 5 * MIB }), { seed: 1 });
  expect(found).toEqual({ good: 0, bad: undefined, isCertain: false });
});

test('a command of which no memory was seen is searched too', async () => {
  const model: Model = (limitBytes) => ({ oomKills: limitBytes < 3 * MIB ? 1 : 0, programBytes: 0, peakBytes: 0 });
  const { found, baseline } = await sizeModel(model, { seed: 1 });
  expect(sizeAt(found.good ?? 0)).toBe('3M');
  expect(baseline).toMatchObject({ peakBytes: 0, programBytes: 0 });
});

test('a command that runs well at no limit: the runs end, and nothing is found', async () => {
  const { found, runs, limits } = await sizeModel((limit) => ({ oomKills: Number.isFinite(limit) ? 1 : 0 }), {
    seed: 1,
  });
  expect(runs).toBeLessThanOrEqual(RUNS);
  expect(found).toMatchObject({ good: undefined, isCertain: false });
  expect(Math.max(...limits)).toBeLessThanOrEqual(8.5 * 100 * MIB);
});

testRows(
  'without time for more, it stops when a limit is good and one close below is not',
  MODELS,
  async ([, model, edge]) => {
    const counts: number[] = [];
    for (const seed of SEEDS) {
      const { found, runs } = await sizeModel(model, { seed, time: 1 });
      const [good, bad] = [bytesAt(found.good ?? 0), bytesAt(found.bad ?? 0)];
      expect(good / bad).toBeLessThanOrEqual(1.25);
      // With the tenth more that is recommended, it is enough.
      expect((1.1 * good) / edge).toBeGreaterThan(1);
      expect(good / edge).toBeLessThan(1.3);
      counts.push(runs);
    }
    // Once without a limit, and where most is page cache or heap, from far off.
    expect(Math.max(...counts)).toBeLessThanOrEqual(10);
    expect(counts.reduce((sum, count) => sum + count) / counts.length).toBeLessThan(8);
  },
  { name: ([name]) => name },
);

test('without time, a program is done in three runs whose memory was seen', async () => {
  const { found, runs } = await sizeModel((limit) => greedy(100 * MIB)(limit, 0), { seed: 3, time: 1 });
  expect(runs).toBe(3);
  expect(found.isCertain).toBe(false);
});

test('without time, a doubtful answer is still asked for again', async () => {
  const asked: number[] = [];
  await search({ startBytes: 100 * MIB, peakBytes: 100 * MIB, hasTime: () => false }, (limitBytes) => {
    asked.push(limitBytes);
    return Promise.resolve({ isGood: limitBytes > 80 * MIB, isDoubtful: limitBytes < 90 * MIB });
  });
  expect(asked.filter((limit) => limit < 90 * MIB).length).toBe(2);
});

test('a doubtful answer is asked for again, and the second one counts', async () => {
  const asked: number[] = [];
  const found = await search({ startBytes: 100 * MIB, peakBytes: 100 * MIB, hasTime }, (limitBytes) => {
    const isSecond = asked.at(-1) === limitBytes;
    asked.push(limitBytes);
    return Promise.resolve({ isGood: limitBytes >= 100 * MIB && isSecond, isDoubtful: limitBytes >= 100 * MIB });
  });
  expect(asked.slice(0, 2)).toEqual([100 * MIB, 100 * MIB]);
  expect(sizeAt(found.good ?? 0)).toBe('100M');
});

test('what was good once and then not is not found', async () => {
  let isFirst = true;
  const found = await search({ startBytes: 100 * MIB, peakBytes: 100 * MIB, hasTime }, (limitBytes) => {
    const isLucky = limitBytes === 100 * MIB && isFirst;
    if (isLucky) isFirst = false;
    return Promise.resolve({ isGood: isLucky || limitBytes > 104 * MIB, isDoubtful: false });
  });
  expect(sizeAt(found.good ?? 0)).toBe('105M');
  expect(found.isCertain).toBe(true);
});

describe('the grid', () => {
  const places = Array.from({ length: 400 }, (_, place) => place);

  test('rises by at most 5 %', () => {
    expect(sizeAt(0)).toBe('1M');
    for (const place of places) {
      const step = bytesAt(place + 1) / bytesAt(place);
      expect(step).toBeGreaterThan(1.015);
      expect(step).toBeLessThan(1.0501);
    }
  });

  test('has sizes that are short, and mean what they say', () => {
    for (const place of places) {
      expect(sizeAt(place)).toMatch(/^\d+(\.\d{1,2})?M$/);
      expect(Math.floor(parseSize(sizeAt(place)))).toBe(bytesAt(place));
    }
  });

  test('has a place for each size, the first that is large enough', () => {
    for (const place of places) {
      expect(placeOf(bytesAt(place))).toBe(place);
      expect(placeOf(bytesAt(place) + 1)).toBe(place + 1);
    }
    expect(placeOf(0)).toBe(0);
  });
});

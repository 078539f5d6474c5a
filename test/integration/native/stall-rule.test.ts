import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StallSlice, stallRule } from '../../support/native/stall-rule';

/** What a recorded program did in each quarter of a second at its limit. */
interface Trace {
  name: string;
  /** Of the cgroup, in MiB. */
  limit: number;
  isLivelock: boolean;
  /** ms, fullUs, userUs, systemUs, majorFaults, faults, refaults */
  slices: readonly (readonly [number, number, number, number, number, number, number])[];
}

const directory = join(__dirname, '../../fixtures/stall');
const traces = JSON.parse(readFileSync(join(directory, 'traces.json'), 'utf8')) as Trace[];

function slicesOf({ slices }: Trace): StallSlice[] {
  return slices.map(([ms, fullUs, userUs, systemUs, majorFaults, faults, refaults]) => ({
    ...{ ms, fullUs, userUs, systemUs, majorFaults, faults, refaults },
  }));
}

const LIMIT_MS = 10_000;
/** Two slices: fewer than the lowest limit has. */
const MOST_HEALTHY_MS = 550;

function longest(slices: readonly StallSlice[]): number {
  return Math.max(...stallRule.stretches(slices, LIMIT_MS).map(({ ms }) => ms));
}

const NAMED = traces.map((trace) => [trace.name, trace] as const);
const LIVELOCKS = NAMED.filter(([, { isLivelock }]) => isLivelock);
const HEALTHY = NAMED.filter(([, { isLivelock }]) => !isLivelock);

/** A slice of a livelock. */
const LOST: StallSlice = {
  ...{ ms: 250, fullUs: 100_000, userUs: 1000, systemUs: 120_000, majorFaults: 40, faults: 60, refaults: 20_000 },
};

function stretchOf(...changes: Partial<StallSlice>[]): { ms: number; sign: string } | undefined {
  const slices = changes.map((change) => ({ ...LOST, ...change }));
  return stallRule.stretches(slices, LIMIT_MS).at(-1);
}

function lost(slices: number): Partial<StallSlice>[] {
  return Array.from({ length: slices }, () => ({}));
}

describe('recorded programs', () => {
  test('are of both kinds', () => {
    expect(LIVELOCKS.length).toBeGreaterThan(8);
    expect(HEALTHY.length).toBeGreaterThan(15);
  });

  test.each(LIVELOCKS)('%s gets nowhere', (_, trace) => {
    const all = trace.slices.reduce((sum, [ms]) => sum + ms, 0);
    expect(longest(slicesOf(trace))).toBeGreaterThan(all / 2);
  });

  test.each(LIVELOCKS)('%s gets nowhere, without PSI too', (_, trace) => {
    const slices = slicesOf(trace).map((slice) => ({ ...slice, withoutPressure: true }));
    expect(longest(slices)).toBeGreaterThan(2000);
    expect(stallRule.stretches(slices, LIMIT_MS).some(({ sign }) => sign === 'refaults')).toBe(true);
  });

  test.each(HEALTHY)('%s gets on', (_, trace) => {
    expect(longest(slicesOf(trace))).toBeLessThan(MOST_HEALTHY_MS);
  });

  test.each(HEALTHY)('%s gets on, without PSI or counts of refaults too', (_, trace) => {
    const slices = slicesOf(trace);
    expect(longest(slices.map((slice) => ({ ...slice, withoutPressure: true })))).toBeLessThan(MOST_HEALTHY_MS);
    expect(longest(slices.map((slice) => ({ ...slice, withoutRefaults: true })))).toBeLessThan(MOST_HEALTHY_MS);
  });
});

describe('a stretch', () => {
  test('is made of the slices that were lost one after the other', () => {
    expect(stretchOf({}, {}, {})).toEqual({ ms: 750, sign: 'pressure' });
    expect(stretchOf({}, {}, { userUs: 40_000 })).toEqual({ ms: 0, sign: 'pressure' });
    expect(stretchOf({}, { majorFaults: 0 }, {})).toEqual({ ms: 250, sign: 'pressure' });
  });

  test('outlasts a single slice that was not lost, but not many', () => {
    const good = { majorFaults: 0 };
    expect(stretchOf(...lost(8), good)?.ms).toBe(1250);
    expect(stretchOf(...lost(8), good, ...lost(3))?.ms).toBe(2000);
    expect(stretchOf(...lost(8), good, good, good)?.ms).toBe(0);
  });

  test('is over as soon when it was longer than the limit', () => {
    expect(stretchOf(...lost(400))?.ms).toBe(100_000);
    expect(stretchOf(...lost(400), { majorFaults: 0 })?.ms).toBe(LIMIT_MS - 750);
  });

  test('needs that little of what ran was the program itself, however little ran', () => {
    const little = { userUs: 30_000, systemUs: 40_000, fullUs: 100_000 };
    expect(stretchOf({ ...little, userUs: 24_000 })?.ms).toBe(250);
    expect(stretchOf(little)?.ms).toBe(0);
  });

  test('needs that what was lost and the work of the kernel fill it', () => {
    expect(stretchOf({ fullUs: 50_000, systemUs: 50_000 })?.ms).toBe(250);
    expect(stretchOf({ fullUs: 50_000, systemUs: 49_000 })?.ms).toBe(0);
  });

  test('needs that what is read was here before, and that faults read it', () => {
    expect(stretchOf({ refaults: 19 })?.ms).toBe(0);
    expect(stretchOf({ refaults: 20 })?.ms).toBe(250);
    expect(stretchOf({ faults: 180, refaults: 45 })?.ms).toBe(0);
    expect(stretchOf({ faults: 180, refaults: 46 })?.ms).toBe(250);
    expect(stretchOf({ refaults: 40 * 4096 + 1 })?.ms).toBe(0);
    expect(stretchOf({ faults: 40 * 16 })?.ms).toBe(250);
    expect(stretchOf({ faults: 40 * 16 + 1 })?.ms).toBe(0);
  });

  test('needs that enough of it was waited for memory, as a whole', () => {
    expect(stretchOf({ fullUs: 12_000 })?.ms).toBe(0);
    expect(stretchOf({ fullUs: 30_000 }, { fullUs: 0 })?.ms).toBe(500);
    expect(stretchOf({ fullUs: 30_000 }, { fullUs: 0 }, { fullUs: 0 })?.ms).toBe(0);
  });

  test('needs more of that where refaults are not counted', () => {
    expect(stretchOf({ fullUs: 49_000, refaults: 0, withoutRefaults: true })?.ms).toBe(0);
    expect(stretchOf({ fullUs: 50_000, refaults: 0, withoutRefaults: true })?.ms).toBe(250);
  });

  test('needs, without PSI, that the kernel is busy with it', () => {
    const blind = { withoutPressure: true, fullUs: 0 };
    expect(stretchOf(blind)).toEqual({ ms: 250, sign: 'refaults' });
    expect(stretchOf({ ...blind, systemUs: 50_000 })?.ms).toBe(250);
    expect(stretchOf({ ...blind, systemUs: 49_000 })?.ms).toBe(0);
    expect(stretchOf({ ...blind, majorFaults: 4, refaults: 100 })?.ms).toBe(0);
  });

  test('is one of processes that wait until there is memory', () => {
    const idle = { fullUs: 0, userUs: 0, systemUs: 0, majorFaults: 0, faults: 0, refaults: 0 };
    expect(stretchOf({ ...idle, waits: true }, { ...idle, waits: true })).toEqual({ ms: 500, sign: 'oomPaused' });
    expect(stretchOf({ ...idle, waits: true, userUs: 12_000 })?.ms).toBe(250);
    expect(stretchOf({ ...idle, waits: true, userUs: 13_000 })?.ms).toBe(0);
    expect(stretchOf(idle)?.ms).toBe(0);
  });

  test('is one of processes that the kernel slows down above memory.high', () => {
    const slowed = { fullUs: 240_000, userUs: 0, systemUs: 500, majorFaults: 0, faults: 10, refaults: 0 };
    expect(stretchOf({ ...slowed, isAboveHigh: true })).toEqual({ ms: 250, sign: 'pressure' });
    expect(stretchOf(slowed)?.ms).toBe(0);
    expect(stretchOf({ ...slowed, isAboveHigh: true, faults: 200 })?.ms).toBe(0);
    expect(stretchOf({ ...slowed, isAboveHigh: true, fullUs: 190_000 })?.ms).toBe(0);
  });
});

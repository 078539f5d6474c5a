import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replay, type TracedJob } from '../../../../support/budget/replay-needs';
import { testRows } from '../../../../support/rows';

const KIB = 1024;
const MIB = 1024 ** 2;
const bounds = { floorBytes: 16 * MIB, ceilingBytes: 4096 * MIB };

/** In KiB, and milliseconds: scripts/measure-needs.mjs. */
type Row = [need: number, peak: number, mostSeen: number, ms: number];
const tracesOf = (name: string): Record<string, Row[]> =>
  JSON.parse(readFileSync(join(__dirname, '../../../../fixtures/jobs/budget', name), 'utf8'));
const traces = tracesOf('traces.json');

const recordedIn = (from: Record<string, Row[]>, key: string): TracedJob[] =>
  (from[key] ?? []).map(([need, peak, mostSeen, ms]) => ({
    key,
    needBytes: need * KIB,
    peakBytes: peak * KIB,
    mostUsedBytes: mostSeen === 0 ? null : mostSeen * KIB,
    durationMs: ms,
  }));
const recorded = (key: string): TracedJob[] => recordedIn(traces, key);
/** Of a smaller one the floor is the limit, whatever is learned. */
const isAboveFloor = (key: string, from = traces) =>
  recordedIn(from, key).every(({ needBytes }) => needBytes > bounds.floorBytes);
const isMixed = (key: string) => key.endsWith(' any');

describe('recorded traces', () => {
  const alike = Object.keys(traces).filter((key) => !isMixed(key) && isAboveFloor(key));

  it('are of many programs, each with many runs', () => {
    expect(alike.length).toBeGreaterThanOrEqual(10);
    for (const key of alike) expect(recorded(key).length).toBeGreaterThanOrEqual(20);
  });

  it('get 25 % more than they need, at most, and 1 % are retried, where a key means one kind of job', () => {
    const { slack, retried, jobs } = replay(alike.flatMap(recorded), bounds);
    expect(jobs).toBeGreaterThan(300);
    expect(slack).toBeLessThanOrEqual(0.25);
    expect(retried).toBeLessThanOrEqual(0.01);
  });

  it('do so too, or nearly, with programs that nobody had seen as the rule was made', () => {
    const heldOut = tracesOf('traces-held-out.json');
    const keys = Object.keys(heldOut).filter((key) => isAboveFloor(key, heldOut));
    const { slack, retried, jobs } = replay(
      keys.flatMap((key) => recordedIn(heldOut, key)),
      bounds,
    );
    expect(jobs).toBeGreaterThan(100);
    expect(slack).toBeLessThanOrEqual(0.26);
    expect(retried).toBeLessThanOrEqual(0.01);
  });

  it('need less than the peak says: page cache counts in that', () => {
    const jobs = alike.flatMap(recorded);
    const sum = (each: (job: TracedJob) => number) => jobs.reduce((total, job) => total + each(job), 0);
    const { slack } = replay(jobs, bounds);
    const byPeak = replay(
      jobs.map((job) => ({ ...job, mostUsedBytes: null })),
      bounds,
    );
    expect(sum(({ peakBytes }) => peakBytes)).toBeGreaterThan(sum(({ needBytes }) => needBytes) * 1.05);
    expect(byPeak.slack).toBeGreaterThan(slack);
  });

  it('get more, and are retried more often, where a key means all uses of a program', () => {
    const mixed = Object.keys(traces).filter((key) => isMixed(key) && isAboveFloor(key));
    const { retried, slack } = replay(mixed.flatMap(recorded), bounds);
    expect(retried).toBeLessThanOrEqual(0.1);
    expect(slack).toBeLessThanOrEqual(1);
  });
});

/** The same numbers each time. */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Jobs with these needs in MiB, and 3 % more or less; what they are seen to use is a share of it. */
function made(count: number, mebibytes: (index: number, draw: () => number) => number, seen = 1): TracedJob[] {
  const draw = normal(count);
  return Array.from({ length: count }, (_, index) => {
    const needBytes = mebibytes(index, draw) * Math.exp(0.03 * draw()) * MIB;
    return { key: 'k', needBytes, peakBytes: needBytes * 1.05, mostUsedBytes: needBytes * seen, durationMs: 3000 };
  });
}
const largeAtTimes = (percent: number) => (index: number) => ((index * 61) % 100 < percent ? 200 : 100);

/** Of the tests of a large repository: the median is 93 MB, p99 1,405 MB. */
function testFiles(): TracedJob[] {
  const draw = normal(7);
  const medians = Array.from({ length: 60 }, () => 93 * Math.exp(1.167 * draw()));
  return made(60 * 100, (index) => medians[index % 60] ?? 0).map((job, index) => ({
    ...job,
    key: `file ${index % 60}`,
  }));
}

const synthetic: [name: string, jobs: TracedJob[], slack: number, retried: number][] = [
  ['test files, each much the same from run to run', testFiles(), 0.3, 0.001],
  ['drift up', made(1000, (index) => 100 + index / 40), 0.3, 0.005],
  ['twice as much in the end', made(1000, (index) => 100 + index / 10), 0.3, 0.005],
  ['a step up', made(1000, (index) => (index < 500 ? 100 : 200)), 0.35, 0.002],
  ['a step up to four times', made(1000, (index) => (index < 500 ? 100 : 400)), 0.35, 0.002],
  ['a step down', made(1000, (index) => (index < 500 ? 200 : 100)), 0.5, 0],
  ['one job in ten is twice as large', made(1000, largeAtTimes(10)), 1.3, 0.002],
  ['one job in a hundred is', made(1000, largeAtTimes(1)), 1.6, 0.01],
  ['seen to use 60 % of it', made(1000, () => 100, 0.6), 0.25, 0.02],
];
testRows(
  'synthetic traces',
  synthetic,
  ([, jobs, slack, retried]) => {
    const result = replay(jobs, bounds);
    expect(result.slack).toBeLessThanOrEqual(slack);
    expect(result.retried).toBeLessThanOrEqual(retried);
  },
  { name: ([name]) => name },
);

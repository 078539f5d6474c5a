import { HEADER, readSeries, rowOf, type Sample } from '../../../bench/long/series';
import { judge, slopeOf } from '../../../bench/long/verdict';
import { randomFrom } from '../../../bench/support/random';

const STEP = 2000;
const random = randomFrom(3);

/** What a process that holds nothing back looked like: counts that wander, a heap that reaches its size, and noise. */
function sampleAt(index: number): Sample {
  const starts = (index + 1) * STEP;
  return {
    starts,
    seconds: starts / 50,
    fds: 39 + (index % 3),
    threads: 8,
    cgroups: 4 + (index % 3),
    mounts: 21,
    processes: 0,
    heapBytes: 11e6 - 2e6 * Math.exp(-index / 8) + 2e5 * random(),
    externalBytes: 3.1e6 + 1000 * random(),
    residentBytes: 110e6 + 8e6 * random(),
    loopP50Ms: 1,
    loopP99Ms: 40,
    loopP999Ms: 300 + 300 * random(),
    loopMaxMs: 500 + 1000 * random(),
    usedP99Ms: 5,
    usedP999Ms: 18 + 8 * random(),
    usedMaxMs: 40 + 30 * random(),
  };
}

const healthy = (count: number): Sample[] => Array.from({ length: count }, (_, index) => sampleAt(index));

/** With something for each start, in all samples. */
function growing(name: keyof Sample, each: number): Sample[] {
  return healthy(100).map((sample) => ({ ...sample, [name]: sample[name] + Math.floor(sample.starts * each) }));
}

const grown = (samples: readonly Sample[]): string[] =>
  judge(samples).flatMap(({ flat, name }) => (flat ? [] : [name]));

describe('the verdict of a long soak', () => {
  test.each([20, 100, 500])('%i samples of a process that holds nothing back are flat', (count) => {
    expect(grown(healthy(count))).toEqual([]);
  });

  test.each<[keyof Sample, number]>([
    ['fds', 1 / 20_000],
    ['threads', 1 / 100_000],
    ['cgroups', 1 / 20_000],
    ['mounts', 1 / 100_000],
    ['processes', 1 / 100_000],
    ['heapBytes', 30],
    ['externalBytes', 12],
    ['residentBytes', 250],
    ['usedP999Ms', 1 / 10_000],
  ])('%s that grow by %d for each start', (name, each) => {
    expect(grown(growing(name, each))).toEqual([name]);
  });

  test('a single sample far off changes nothing', () => {
    const samples = healthy(100);
    Object.assign(samples[60] ?? {}, { heapBytes: 90e6, residentBytes: 900e6, usedP999Ms: 4000 });
    expect(grown(samples)).toEqual([]);
  });

  test('a count that is more only for a while', () => {
    const samples = healthy(100);
    for (const sample of samples.slice(40, 60)) sample.fds += 100;
    expect(grown(samples)).toEqual([]);
  });

  test('too few samples say nothing', () => {
    expect(() => judge(healthy(4))).toThrow('too few samples');
  });
});

test('the slope is for each start', () => {
  const samples = healthy(10).map((sample) => ({ ...sample, heapBytes: 5 * sample.starts }));
  expect(slopeOf(samples, 'heapBytes')).toBeCloseTo(5);
});

test('samples that were written are read again', () => {
  const samples = healthy(5).map((sample) => ({ ...sample, heapBytes: 1e6, residentBytes: 2e6 }));
  const read = readSeries([HEADER, ...samples.map(rowOf), ''].join('\n'));
  expect(read.map(({ starts, fds, heapBytes }) => ({ starts, fds, heapBytes }))).toEqual(
    samples.map(({ starts, fds, heapBytes }) => ({ starts, fds, heapBytes })),
  );
  expect(() => readSeries('starts\n1')).toThrow('not the samples');
});

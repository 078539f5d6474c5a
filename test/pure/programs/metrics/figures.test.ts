import { countsOf, type Facts, type Gauges, gaugesOf, together } from '../../../../lib/programs/metrics/figures';

const FACTS: Facts = {
  usageBytes: 100,
  limitBytes: 500,
  peakBytes: 300,
  workingSetBytes: 90,
  anonBytes: 50,
  fileBytes: 40,
  kernelBytes: 10,
  swapBytes: 5,
  pressure: null,
  events: { max: 7, oomKill: 1, oom: null, high: null, low: null },
  processes: 2,
  oomKills: 3,
  pageFaults: 9,
  majorFaults: 4,
};

const GAUGES: Gauges = {
  usageBytes: 100,
  limitBytes: 500,
  availableBytes: 410,
  peakBytes: 300,
  workingSetBytes: 90,
  anonBytes: 50,
  fileBytes: 40,
  kernelBytes: 10,
  swapBytes: 5,
  processes: 2,
};

it('has what there is', () => {
  expect(gaugesOf(FACTS)).toEqual(GAUGES);
  expect(countsOf(FACTS)).toEqual({ oomKills: 3, limitHits: 7, pageFaults: 9, majorFaults: 4 });
});

it('leaves out what there is not', () => {
  const { limitBytes, availableBytes, peakBytes, swapBytes, ...others } = GAUGES;
  const facts = { ...FACTS, limitBytes: Number.POSITIVE_INFINITY, peakBytes: null, swapBytes: null };
  expect(gaugesOf(facts)).toEqual(others);
  expect(gaugesOf({ ...FACTS, limitBytes: 80 })).toMatchObject({ limitBytes: 80, availableBytes: 0 });
});

it('has pressure in seconds', () => {
  const line = { avg10: 0, avg60: 0, avg300: 0 };
  const pressure = { some: { ...line, total: 2_500_000 }, full: { ...line, total: 1 } };
  expect(countsOf({ ...FACTS, pressure })).toMatchObject({ waitingSeconds: 2.5, stalledSeconds: 1e-6 });
});

it('adds up, and takes the highest peak', () => {
  const other = { ...GAUGES, usageBytes: 1, peakBytes: 400, processes: 1 };
  expect(together([GAUGES])).toEqual(GAUGES);
  expect(together([GAUGES, other, GAUGES])).toMatchObject({
    usageBytes: 201,
    limitBytes: 1500,
    peakBytes: 400,
    processes: 5,
  });
});

it('has no limit where one has none', () => {
  const { limitBytes, availableBytes, ...unlimited } = GAUGES;
  for (const all of [
    [GAUGES, unlimited],
    [unlimited, GAUGES],
    [GAUGES, unlimited, GAUGES],
  ]) {
    const sum = together(all);
    expect('limitBytes' in sum || 'availableBytes' in sum).toBe(false);
    expect(sum.usageBytes).toBe(100 * all.length);
  }
});

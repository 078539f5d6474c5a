import { Histories } from '../../../../../lib/jobs/budget/learning/histories';

const MIB = 1024 ** 2;
const WEEK_MS = 7 * 24 * 3600 * 1000;
const bounds = { floorBytes: 16 * MIB, ceilingBytes: 1024 * MIB };

/** Jobs with these needs, in MiB, a second apart. */
function learned(needs: readonly number[], key = 'k', histories = new Histories()): Histories {
  needs.forEach((mib, index) => {
    histories.learn({ key, bytes: mib * MIB, wasKilled: false, timeMs: index * 1000 });
  });
  return histories;
}
const times = (count: number, mib: number) => Array.from({ length: count }, () => mib);
const limitOf = (histories: Histories, { key = 'k', nowMs = 0 } = {}) =>
  (histories.limitFor(key, nowMs, bounds) ?? Number.NaN) / MIB;

describe('the limit of a key', () => {
  it('is p95 and 15 %, rounded up by 2 % at most, once there are many', () => {
    const limit = limitOf(learned([...times(96, 100), ...times(4, 150)].reverse()));
    expect(limit).toBeGreaterThanOrEqual(115);
    expect(limit).toBeLessThan(115 * 1.02 + 0.5);
  });

  it('has a wider margin while there are few', () => {
    const limits = [1, 2, 5, 20, 100].map((count) => limitOf(learned(times(count, 100))));
    expect(limits).toEqual([...limits].sort((a, b) => b - a));
    expect(limits[0]).toBeGreaterThanOrEqual(100 * (1.15 + 0.3));
    expect(limits[1]).toBeLessThan(limits[0] ?? 0);
  });

  it('lies between the floor and the ceiling', () => {
    expect(limitOf(learned([1]))).toBe(16);
    expect(limitOf(learned([1000]))).toBe(1024);
  });

  it('is in whole pages', () => {
    expect((limitOf(learned([123.4567])) * MIB) % 4096).toBe(0);
  });

  it('is unknown for a key that nobody has used', () => {
    expect(learned([100]).limitFor('other', 0, bounds)).toBeUndefined();
  });

  it('follows a kind of job that has got smaller', () => {
    expect(limitOf(learned([...times(100, 400), ...times(250, 100)]))).toBeLessThan(120);
  });

  it('is enough after one kill, however many jobs needed less', () => {
    const histories = learned(times(500, 100));
    histories.learn({ key: 'k', bytes: 200 * MIB, wasKilled: true, timeMs: 500_000 });
    expect(limitOf(histories)).toBeGreaterThan(200);
  });

  it('is not moved by one large job in twenty-five that was not killed', () => {
    const needs = Array.from({ length: 500 }, (_, index) => (index % 25 === 12 ? 200 : 100));
    expect(limitOf(learned(needs))).toBeLessThan(120);
  });

  it('has the wider margin again when nobody has used the key for long', () => {
    const histories = learned(times(100, 100));
    const [now, later] = [0, 8 * WEEK_MS].map((nowMs) => limitOf(histories, { nowMs }));
    expect(later).toBeGreaterThan((now ?? Number.NaN) * 1.2);
  });

  it('forgets the old needs faster when they are older', () => {
    const histories = learned(times(100, 400));
    for (let i = 0; i < 5; i += 1) {
      histories.learn({ key: 'k', bytes: 100 * MIB, wasKilled: false, timeMs: 10 * WEEK_MS + i });
    }
    expect(limitOf(histories, { nowMs: 10 * WEEK_MS })).toBeLessThan(150);
  });

  it('takes no harm of a clock that was set back', () => {
    const histories = learned(times(100, 100));
    histories.learn({ key: 'k', bytes: 100 * MIB, wasKilled: false, timeMs: -WEEK_MS });
    expect(limitOf(histories, { nowMs: -WEEK_MS })).toBeLessThan(120);
  });
});

describe('the first limit', () => {
  it('is the ceiling while few keys are known', () => {
    const histories = new Histories();
    for (let i = 0; i < 9; i += 1) learned([50], `k${i}`, histories);
    expect(histories.firstLimit(0, bounds)).toBe(bounds.ceilingBytes);
  });

  it('is the largest limit of the known keys once they are many', () => {
    const histories = new Histories();
    for (let i = 0; i < 10; i += 1) learned([20 + 10 * i], `k${i}`, histories);
    expect(histories.firstLimit(0, bounds) / MIB).toBe(limitOf(histories, { key: 'k9' }));
  });
});

it('forgets the key that was used longest ago, beyond ten thousand', () => {
  const histories = new Histories();
  for (let i = 0; i < 10_000; i += 1) histories.learn({ key: `k${i}`, bytes: MIB, wasKilled: false, timeMs: i });
  histories.learn({ key: 'k0', bytes: MIB, wasKilled: false, timeMs: 10_000 });
  histories.learn({ key: 'new', bytes: MIB, wasKilled: false, timeMs: 10_001 });
  expect([...histories.entries()]).toHaveLength(10_000);
  expect(['k0', 'k1', 'k2', 'new'].map((key) => histories.limitFor(key, 0, bounds) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

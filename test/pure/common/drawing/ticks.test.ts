import { byteTicks, formatTickTime, timeTicks } from '../../../../lib/common/drawing/ticks';
import { formatDuration } from '../../../../lib/common/text/duration';
import { formatSize } from '../../../../lib/common/text/size';
import { testRows } from '../../../support/rows';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const NONE = Number.POSITIVE_INFINITY;

testRows(
  'sizes are marked at round figures, and the limit is in sight',
  [
    [106 * MIB, 100 * MIB, '0 B, 20 MiB, 40 MiB, 60 MiB, 80 MiB, 100 MiB'],
    [135 * MIB, 128 * MIB, '0 B, 32 MiB, 64 MiB, 96 MiB, 128 MiB'],
    [1.06 * GIB, GIB, '0 B, 256 MiB, 512 MiB, 768 MiB, 1 GiB'],
    [540 * MIB, 512 * MIB, '0 B, 128 MiB, 256 MiB, 384 MiB, 512 MiB'],
    [425 * MIB, NONE, '0 B, 100 MiB, 200 MiB, 300 MiB, 400 MiB'],
    [9.5 * MIB, NONE, '0 B, 2 MiB, 4 MiB, 6 MiB, 8 MiB'],
    [64 * KIB, NONE, '0 B, 20 KiB, 40 KiB, 60 KiB'],
  ],
  ([top, limit, expected]) => {
    expect(byteTicks(top, limit, 6).values.map(formatSize).join(', ')).toBe(expected);
  },
);

test('sizes: at most so many steps, and never fewer than two ticks', () => {
  for (let top = 64 * KIB; top < 2 ** 50; top *= 1.37) {
    for (const limit of [NONE, top / 1.06]) {
      const { values } = byteTicks(top, limit, 6);
      expect(values.length).toBeLessThanOrEqual(7);
      expect(values.length).toBeGreaterThanOrEqual(3);
    }
  }
});

testRows(
  'times are marked at round figures',
  [
    [1.2, '0, 1 ms'],
    [118, '0, 20 ms, 40 ms, 60 ms, 80 ms, 100 ms'],
    [1200, '0, 200 ms, 400 ms, 600 ms, 800 ms, 1 s, 1.2 s'],
    [8000, '0, 1 s, 2 s, 3 s, 4 s, 5 s, 6 s, 7 s, 8 s'],
    [100_000, '0, 10 s, 20 s, 30 s, 40 s, 50 s, 1:00 min, 1:10 min, 1:20 min, 1:30 min, 1:40 min'],
    [3 * 3_600_000, '0, 30 min, 1:00 h, 1:30 h, 2:00 h, 2:30 h, 3:00 h'],
    [30 * 3_600_000, '0, 3 h, 6 h, 9 h, 12 h, 15 h, 18 h, 21 h, 24 h, 27 h, 30 h'],
    [30 * 86_400_000, '0, 3 d, 6 d, 9 d, 12 d, 15 d, 18 d, 21 d, 24 d, 27 d, 30 d'],
  ],
  ([end, expected]) => {
    const { step, values } = timeTicks(end, 10);
    expect(values.map((ms) => formatTickTime(ms, step)).join(', ')).toBe(expected);
  },
);

testRows(
  'times are written short',
  [
    [0, '0 ms'],
    [1.24, '1.2 ms'],
    [9.96, '10 ms'],
    [118.4, '118 ms'],
    [999.7, '1 s'],
    [1234, '1.23 s'],
    [59_996, '59.99 s'],
    [60_000, '1 min 0 s'],
    [3 * 3_600_000 + 61_000, '3 h 1 min'],
  ],
  ([ms, expected]) => {
    expect(formatDuration(ms)).toBe(expected);
  },
);

import { limitAfterKill } from '../../../../../lib/jobs/budget/learning/limit-rule';
import { testRows } from '../../../../support/rows';

const MIB = 1024 ** 2;
const bounds = { floorBytes: 16 * MIB, ceilingBytes: 1024 * MIB };

testRows(
  'the limit after a kill',
  [
    // Half as much again, then the ceiling, then nothing.
    [100, 1, 150],
    [150, 2, 1024],
    [1024, 3, undefined],
    // No more than the ceiling, and nothing after it.
    [700, 1, 1024],
    [1024, 1, undefined],
    [1024, 2, undefined],
    [2048, 1, undefined],
    // No less than the floor.
    [2, 1, 16],
  ],
  ([limit, attempt, next]) => {
    expect(limitAfterKill(limit * MIB, attempt, bounds)).toBe(next === undefined ? undefined : next * MIB);
  },
);

it('is in whole pages', () => {
  expect(limitAfterKill(16 * MIB + 4096, 1, bounds)).toBe(24 * MIB + 8192);
});

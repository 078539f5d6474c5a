import type { DrawOptions } from '../../../../../bench/support/drawn-jobs';
import { simulateBy } from '../../../../support/budget/rivals';

/** How much of the oracle's throughput is reached at least, in each shape. docs/reference/budget.md has the figures. */
const SHAPES: [DrawOptions['shape'], correlation: number, part: number][] = [
  ['mixed', 0, 0.8],
  ['mixed', 0.5, 0.85],
  ['ramp', 0.5, 0.75],
  ['late', 0, 0.95],
  ['spike', 0.5, 1],
];

/**
 * No job can start again here, which only matters where one has to go. Where none goes, all goes as it would if each could, and as fast.
 */
describe('admission by use, in a simulation of 400 test files in 8 GiB', () => {
  it.each(SHAPES)(
    'kills none, and is nearly as quick as who knows all: %s, correlation %d',
    (shape, correlation, part) => {
      const draw = { seed: 7, count: 400, shape, correlation };
      const { lost, overLimit, makespanMs } = simulateBy('once', draw);
      expect({ lost, overLimit }).toEqual({ lost: 0, overLimit: 0 });
      expect(simulateBy('oracle', draw).makespanMs / makespanMs).toBeGreaterThan(part);
      expect(simulateBy('limits', draw).makespanMs).toBeGreaterThan(5 * makespanMs);
    },
  );

  it('kills none when jobs become ten times as large', () => {
    const draw = { count: 200, shape: 'mixed', correlation: 0 } as const;
    const { overLimit, lost, freezes } = simulateBy('once', [
      { ...draw, seed: 3, scale: 0.1 },
      { ...draw, seed: 4 },
    ]);
    expect({ overLimit, lost }).toEqual({ overLimit: 0, lost: 0 });
    expect(freezes).toBeGreaterThan(10);
  });
});

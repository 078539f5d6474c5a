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

describe('admission by use, in a simulation of 400 test files in 8 GiB', () => {
  test.each(SHAPES)('%s, correlation %d', (shape, correlation, part) => {
    const draw = { seed: 7, count: 400, shape, correlation };
    const oracle = simulateBy('oracle', draw);
    const use = simulateBy('use', draw);
    expect(use.overLimit).toBe(0);
    expect(use.evicted).toBeLessThanOrEqual(4);
    expect(oracle.makespanMs / use.makespanMs).toBeGreaterThan(part);
    expect(simulateBy('limits', draw).makespanMs).toBeGreaterThan(5 * use.makespanMs);
  });

  it.each(SHAPES)('loses no job that can not start again: %s, correlation %d', (shape, correlation, part) => {
    const draw = { seed: 7, count: 400, shape, correlation };
    const { lost, overLimit, makespanMs } = simulateBy('once', draw);
    expect({ lost, overLimit }).toEqual({ lost: 0, overLimit: 0 });
    expect(simulateBy('oracle', draw).makespanMs / makespanMs).toBeGreaterThan(Math.min(part, 0.8));
  });

  it.each(['use', 'once'] as const)('kills none when jobs become ten times as large, by %s', (rule) => {
    const draw = { count: 200, shape: 'mixed', correlation: 0 } as const;
    const { overLimit, evicted, lost, freezes } = simulateBy(rule, [
      { ...draw, seed: 3, scale: 0.1 },
      { ...draw, seed: 4 },
    ]);
    expect({ overLimit, evicted, lost }).toEqual({ overLimit: 0, evicted: 0, lost: 0 });
    expect(freezes).toBeGreaterThan(10);
  });
});

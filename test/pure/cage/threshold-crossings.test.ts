import fc from 'fast-check';
import { Crossings } from '../../../lib/cage/threshold-crossings';

/** The time from one look to the next. */
const PACE_MS = 50;

/** A threshold of the kernel, which looks at the use only now and then. */
class Kernel {
  isAbove = false;
  said = 0;

  constructor(readonly use: { above: boolean }) {}

  begin(): void {
    this.isAbove = this.use.above;
    this.said = 0;
  }

  look(): void {
    if (this.isAbove === this.use.above) return;
    this.isAbove = this.use.above;
    this.said += 1;
  }

  /** What was said since the last time. */
  take(): number {
    const { said } = this;
    this.said = 0;
    return said;
  }
}

function follow(steps: readonly string[]): { told: [above: boolean, count: number][]; use: boolean; looks: number } {
  const use = { above: false };
  const kernel = new Kernel(use);
  const crossings = new Crossings();
  const told: [boolean, number][] = [];
  let nowMs = 0;
  const look = (): boolean => {
    nowMs += PACE_MS;
    const said = kernel.take();
    if (said > 0) crossings.heard(said);
    const { count, isInDoubt, isBelieved } = crossings.read(use.above, nowMs);
    if (count > 0) told.push([use.above, count]);
    if (isBelieved) {
      kernel.begin();
      crossings.begin(use.above);
    }
    return isInDoubt;
  };
  for (const step of steps) {
    if (step === 'use') use.above = !use.above;
    else if (step === 'kernel') kernel.look();
    else look();
  }
  let looks = 1;
  while (look()) looks += 1;
  return { told, use: use.above, looks };
}

describe('crossings of a threshold', () => {
  test('are told as the kernel says them, if readings agree', () => {
    const { told } = follow(['use', 'kernel', 'look', 'use', 'kernel', 'look']);
    expect(told).toEqual([
      [true, 1],
      [false, 1],
    ]);
  });

  test('two between two looks are told as two', () => {
    expect(follow(['use', 'kernel', 'use', 'kernel', 'look']).told).toEqual([[false, 2]]);
  });

  test('a reading that is below for a moment is not told', () => {
    expect(follow(['use', 'kernel', 'use', 'look', 'use', 'look']).told).toEqual([[true, 1]]);
  });

  test('a reading that stays counts, whatever the kernel says', () => {
    expect(follow(['use', 'look', 'look']).told).toEqual([[true, 1]]);
    expect(follow(['use', 'kernel', 'look', 'use', 'look', 'look']).told).toEqual([
      [true, 1],
      [false, 1],
    ]);
  });

  test('what was held back is told at the end', () => {
    const crossings = new Crossings();
    crossings.heard(1);
    expect(crossings.read(false, 0)).toEqual({ count: 0, isInDoubt: true, isBelieved: false });
    expect(crossings.conclude()).toBe(2);
    expect(crossings.conclude()).toBe(0);
  });

  test('an odd count leads to the other side, an even one to the same, and the last to where the use is', () => {
    const steps = fc.array(fc.constantFrom('use', 'kernel', 'look'), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (taken) => {
        const { told, use, looks } = follow(taken);
        let before = false;
        for (const [above, count] of told) {
          expect(count % 2 === 1).toBe(above !== before);
          before = above;
        }
        expect(before).toBe(use);
        expect(looks).toBeLessThanOrEqual(3);
        const crossed = taken.filter((step) => step === 'use').length;
        expect(told.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(crossed);
      }),
      { numRuns: 2000 },
    );
  });
});

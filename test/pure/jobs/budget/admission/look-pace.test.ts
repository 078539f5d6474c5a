import { LookPace } from '../../../../../lib/jobs/budget/admission/look-pace';

const MIB = 2 ** 20;
const MEMORY = 8192 * MIB;

/** How soon the next look is, after two looks at these sizes with 10 ms in between. */
function pauseAfter(fromMib: number, toMib: number, processors = 2): number {
  const pace = new LookPace(processors);
  pace.after(fromMib * MIB, MEMORY, 1000);
  return pace.after(toMib * MIB, MEMORY, 1010);
}

test('the less is free, the sooner', () => {
  const pauses = [1000, 6000, 7500, 8190].map((mib) => pauseAfter(mib, mib));
  expect(pauses).toEqual([...pauses].sort((a, b) => b - a));
  expect(pauses[0]).toBe(250);
  expect(pauses.at(-1)).toBe(10);
});

test('the faster it grows, the sooner', () => {
  expect(pauseAfter(6900, 7000)).toBeLessThan(pauseAfter(7000, 7000));
});

test('with growth as until then, or from a standstill on all processors, it is looked at before all is used', () => {
  for (const [from, to] of [
    [6000, 6200],
    [7000, 7000],
  ] as const) {
    const growth = Math.max((to - from) / 10, 2 * 2);
    expect(to + growth * pauseAfter(from, to)).toBeLessThan(8192);
  }
});

test('the more processors there are, the sooner', () => {
  expect(pauseAfter(7000, 7000, 8)).toBeLessThan(pauseAfter(7000, 7000, 1));
  expect(pauseAfter(7000, 7000, 64)).toBe(pauseAfter(7000, 7000, 8));
});

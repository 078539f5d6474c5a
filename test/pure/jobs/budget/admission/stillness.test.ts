import { type Doings, Stillness } from '../../../../../lib/jobs/budget/admission/stillness';

const MIB = 2 ** 20;

/** Looks each second for a minute. @returns the seconds in which it told that nobody gets on */
function stillAt(doingsAt: (second: number) => Doings): number[] {
  const stillness = new Stillness();
  const seconds: number[] = [];
  for (let second = 0; second <= 65; second += 1) {
    if (stillness.looked(doingsAt(second), second * 1000)) seconds.push(second);
  }
  return seconds;
}

test.each<[string, (second: number) => Doings, number[]]>([
  ['nothing moves', () => ({ usedBytes: 5 * MIB, cpuMs: 70 }), [30, 61]],
  ['little moves', (second) => ({ usedBytes: 5 * MIB + second, cpuMs: 5 * second }), [30, 61]],
  ['somebody works', (second) => ({ usedBytes: 5 * MIB, cpuMs: 500 * second }), []],
  ['use grows slowly', (second) => ({ usedBytes: second * 10_000, cpuMs: 0 }), []],
  ['use falls', (second) => ({ usedBytes: (70 - second) * MIB, cpuMs: 0 }), []],
  ['somebody worked for a moment', (second) => ({ usedBytes: MIB, cpuMs: second < 20 ? 0 : 900 }), [50]],
])('tells after half a minute that those which run get nowhere: %s', (_, doingsAt, expected) => {
  expect(stillAt(doingsAt)).toEqual(expected);
});

test('begins anew when others run', () => {
  const stillness = new Stillness();
  const doings = { usedBytes: MIB, cpuMs: 0 };
  stillness.looked(doings, 0);
  stillness.begin();
  expect(stillness.looked(doings, 40_000)).toBe(false);
  expect(stillness.looked(doings, 70_000)).toBe(true);
});

import { heldOf } from '../../../../lib/cage/evidence/held-memory';
import { History } from '../../../../lib/cage/evidence/watching/history';

const look = (programs: number) => ({
  usageBytes: programs,
  held: heldOf({ anon: programs }, { usageBytes: programs, swap: 5, version: 2 }),
});

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('what a cage held before', () => {
  test('is noted often at first, then seldom, and is bounded', () => {
    let looks = 0;
    const history = new History(
      () => {
        looks += 1;
        return look(looks);
      },
      () => 1,
    );
    jest.advanceTimersByTime(2000);
    expect(looks).toBe(21);
    jest.advanceTimersByTime(3_600_000);
    const before = looks;
    jest.advanceTimersByTime(60_000);
    expect(looks - before).toBe(60);
    const samples = history.upTo(look(7));
    expect(samples.length).toBeLessThan(150);
    expect(samples.at(-1)).toMatchObject({ atMs: 3_662_000, usageBytes: 12, swapBytes: 5, kinds: { programs: 7 } });
    history.close();
    expect(jest.getTimerCount()).toBe(0);
  });

  test('of many cages is noted as often in all', () => {
    let looks = 0;
    const history = new History(
      () => {
        looks += 1;
        return look(1);
      },
      () => 40,
    );
    jest.advanceTimersByTime(10_000);
    expect(looks).toBe(3);
    history.close();
  });

  test('ends with the cage', () => {
    const history = new History(
      () => {
        throw new Error('gone');
      },
      () => 1,
    );
    expect(jest.getTimerCount()).toBe(0);
    expect(history.upTo(look(3)).length).toBe(1);
  });
});

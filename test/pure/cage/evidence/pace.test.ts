import { Pace } from '../../../../lib/cage/evidence/watching/pace';

const MIB = 2 ** 20;

describe('when to look again at a cage that is full of page cache', () => {
  test('in time, at whatever speed memory fills up', () => {
    for (const speed of [1, 10, 100, 200, 400, 700, 3000]) {
      const pace = new Pace();
      const limit = 100 * MIB;
      let [held, time, looks] = [0, 0, 0];
      while (held < 0.95 * limit) {
        const pause = pace.pauseMs(held, limit - held, time);
        time += pause;
        // MB/s.
        held += pause * speed * 1000;
        looks += 1;
      }
      // The first pause does not know the speed yet.
      if (speed < 800) expect({ speed, inTime: held < limit }).toEqual({ speed, inTime: true });
      expect(looks).toBeLessThan(time / 5 + 20);
    }
  });

  test('rarely, where nothing grows', () => {
    const pace = new Pace();
    pace.pauseMs(MIB, 1000 * MIB, 0);
    expect(pace.pauseMs(MIB, 1000 * MIB, 1000)).toBe(1000);
    pace.pauseMs(99 * MIB, MIB / 10, 2000);
    expect(pace.pauseMs(99 * MIB, MIB / 10, 2001)).toBe(5);
  });
});

import type { CageThresholdEvent } from '../../../lib/cage/contract/cage-events';
import { WatchedThreshold } from '../../../lib/cage/watched-threshold';
import type { CgroupDirectory } from '../../../lib/cgroup/directory/directory';
import type { ThresholdEvent } from '../../../lib/cgroup/events/cgroup-events';

const MIB = 2 ** 20;

type Say = (event: Pick<ThresholdEvent, 'usageBytes' | 'count' | 'timeMs'>) => void;

const mockAlarms: { say: Say; isClosed: boolean }[] = [];

jest.mock('../../../lib/cgroup/events/usage-alarm', () => ({
  UsageAlarm: class {
    readonly #alarm: { say: Say; isClosed: boolean };

    constructor(_directory: unknown, _bytes: number, say: Say) {
      this.#alarm = { say, isClosed: false };
      mockAlarms.push(this.#alarm);
    }

    look(): void {}

    close(): void {
      this.#alarm.isClosed = true;
    }
  },
}));

function listen(): { threshold: WatchedThreshold; told: CageThresholdEvent[]; looks: () => number } {
  mockAlarms.length = 0;
  const told: CageThresholdEvent[] = [];
  let looks = 0;
  const listener = {
    tell: (event: CageThresholdEvent) => {
      told.push(event);
    },
    lookSoon: () => {
      looks += 1;
    },
  };
  const given = { given: '16M' as const, at: { bytes: 16 * MIB } };
  const threshold = new WatchedThreshold(given, {} as CgroupDirectory, listener);
  return { threshold, told, looks: () => looks };
}

const uses = (megabytes: number) => ({ usageBytes: megabytes * MIB, limitBytes: 64 * MIB });
const said = (megabytes: number, count = 1) => ({ usageBytes: megabytes * MIB, count, timeMs: 0 });
const later = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('a threshold that the kernel watches', () => {
  test('is not told as below for a moment after the kernel has said above, and above is not lost', async () => {
    const { threshold, told, looks } = listen();
    threshold.arm(uses(10));
    threshold.see(uses(10), 0);
    const before = looks();
    mockAlarms[0]?.say(said(15));
    expect(told).toEqual([]);
    expect(looks()).toBe(before + 1);
    await later();
    // Above again before the kernel has looked: it says no more.
    threshold.see(uses(24), 0);
    expect(told).toMatchObject([{ above: true, count: 1, usageBytes: 24 * MIB }]);
  });

  test('is told as above and below, if the reading stays, and is watched anew', async () => {
    const { threshold, told } = listen();
    threshold.arm(uses(10));
    mockAlarms[0]?.say(said(15));
    await later();
    threshold.see(uses(15), 0);
    expect(told).toMatchObject([{ above: false, count: 2, totalCount: 2, thresholdBytes: 16 * MIB }]);
    expect(mockAlarms.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    mockAlarms[1]?.say(said(20));
    expect(told.slice(1)).toMatchObject([{ above: true, count: 1, totalCount: 3 }]);
  });

  test('is told when the use is above it already, and again when it is below', () => {
    const { threshold, told } = listen();
    threshold.arm(uses(24));
    threshold.see(uses(24), 0);
    mockAlarms[0]?.say(said(4));
    expect(told.map(({ above, count }) => [above, count])).toEqual([
      [true, 1],
      [false, 1],
    ]);
  });

  test('of a cage that is gone is told, if the kernel has said so', () => {
    const { threshold, told } = listen();
    threshold.arm(uses(10));
    mockAlarms[0]?.say(said(15));
    threshold.conclude(7);
    expect(told).toMatchObject([{ above: false, count: 2, usageBytes: null, timeMs: 7 }]);
  });

  test('tells nothing once it is closed', () => {
    const { threshold, told } = listen();
    threshold.arm(uses(10));
    mockAlarms[0]?.say(said(15));
    threshold.close();
    threshold.conclude(0);
    expect(told).toEqual([]);
  });
});

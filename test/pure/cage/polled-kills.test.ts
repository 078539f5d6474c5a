import { PolledCage, SharedPolledCage } from '../../../lib/cage/polled-cage';
import type * as Polling from '../../../lib/cage/polling/open-group';
import { NO_SETTINGS } from '../../../lib/process/settings/child-settings';
import { PolledChild } from '../../../lib/start/child/polled-child';

type Options = Polling.GroupOptions;

/** The groups that were opened, in order. A test kills in their name. */
let opened: Options[];
/** The limit for whose sake the last process that has ended had a brake. */
let refusedAtBytes: number | null = null;

jest.mock('../../../lib/cage/polling/open-group', () => ({
  openGroup: (options: Options): Polling.PolledGroup => {
    opened.push(options);
    return {
      id: opened.length - 1,
      add: () => {},
      forget: () => {},
      expectChild: () => true,
      expectNoChild: () => {},
      seen: { looks: 1, usageBytes: 1, peakBytes: 1, kills: 0, processes: 1, refusedAtBytes },
      killAll: () => Promise.resolve(true),
      killAllNow: () => true,
      lookNow: () => true,
      close: () => {},
    };
  },
}));

const enforcedBy = { kind: 'polled', reason: 'test' } as const;
const options = { keepDescendants: false, memoryDetails: false };

class Shared extends SharedPolledCage {}

const shared = (limitBytes: number): Shared =>
  new Shared({ enforcedBy, limitBytes, outer: undefined }, { nodeHeap: undefined, settings: NO_SETTINGS });
const privateIn = (outer: Shared, limitBytes: number) =>
  new PolledCage({ enforcedBy, limitBytes, outer, outlivesOwner: false });

function kill(group: number, limitBytes: number, ...victims: [pid: number, ...groups: number[]][]): void {
  opened[group]?.onKill({
    count: victims.length,
    usageBytes: limitBytes + 1,
    limitBytes,
    victims: victims.map(([pid, ...groups]) => ({ pid, name: `p${pid}`, groups: [group, ...groups] })),
    timeMs: 1000,
  });
}

function started(child: PolledChild, pid: number): PolledChild {
  child.started(pid, () => {});
  return child;
}

const verdictOn = (child: PolledChild) => {
  const { oom } = child.endedNow();
  return oom && { limitBytes: oom.limitBytes, kills: oom.kills, pids: oom.victims?.map(({ pid }) => pid) };
};

beforeEach(() => {
  opened = [];
});

describe('a polled kill', () => {
  test('of a shared cage is told each child for its own processes', () => {
    const cage = shared(100);
    const children = [10, 20, 30].map((pid) => started(PolledChild.inShared(cage, options), pid));
    // Whose parents have ended by then is of no matter.
    kill(0, 100, [12, 1], [10, 1], [11, 1], [20, 2], [99]);
    expect(children.map(verdictOn)).toEqual([
      { limitBytes: 100, kills: 3, pids: [12, 10, 11] },
      { limitBytes: 100, kills: 1, pids: [20] },
      null,
    ]);
    expect(cage.oomKills).toBe(5);
  });

  test('of the only child is all its own, whoever became the parent', () => {
    const cage = shared(100);
    const child = started(PolledChild.inShared(cage, options), 10);
    kill(0, 100, [10, 1], [99]);
    expect(verdictOn(child)).toEqual({ limitBytes: 100, kills: 2, pids: [10, 99] });
  });

  test('by two groups at once counts once', () => {
    const outer = shared(200);
    const inner = privateIn(outer, 100);
    const child = started(PolledChild.withCage(inner, options), 10);
    kill(0, 200, [10, 1]);
    kill(1, 100, [10, 0]);
    expect(verdictOn(child)).toEqual({ limitBytes: 200, kills: 1, pids: [10] });
    expect([outer.oomKills, inner.oomKills]).toEqual([1, 1]);
  });

  test('of an inner cage is told around it, and of one around it within', () => {
    const outer = shared(200);
    const [one, other] = [privateIn(outer, 100), privateIn(outer, 100)];
    const children = [
      started(PolledChild.withCage(one, options), 10),
      started(PolledChild.withCage(other, options), 20),
    ];
    const told: unknown[] = [];
    for (const [name, cage] of Object.entries({ outer, one, other })) {
      cage.on('oom', ({ limitBytes, kills }) => told.push([name, limitBytes, kills]));
    }
    kill(1, 100, [10, 0]);
    kill(0, 200, [20, 2], [21, 2]);
    expect(told).toEqual([
      ['one', 100, 1],
      ['outer', 100, 1],
      ['other', 200, 2],
      ['outer', 200, 2],
    ]);
    expect(children.map(verdictOn)).toEqual([
      { limitBytes: 100, kills: 1, pids: [10] },
      { limitBytes: 200, kills: 2, pids: [20, 21] },
    ]);
  });

  test('by a sampler that failed is an error of the outcome, and the cage takes no more', () => {
    const cage = shared(100);
    const child = started(PolledChild.inShared(cage, options), 10);
    opened[0]?.onFailed?.(new Error('no thread'));
    expect(child.endedNow()).toMatchObject({ oom: null, error: new Error('no thread') });
    expect(() => PolledChild.inShared(cage, options)).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMCAGE_UNSUPPORTED',
        message: 'The cage holds nothing any more: no thread',
      }),
    );
  });
});

test('a child that ended with a brake may have been refused memory, at the limit that had put it on', () => {
  const limits: (number | undefined)[] = [];
  for (refusedAtBytes of [null, 200]) {
    const child = started(PolledChild.inShared(shared(100), options), 10);
    limits.push(child.endedNow().refusedAtBytes);
  }
  refusedAtBytes = null;
  expect(limits).toEqual([undefined, 200]);
});

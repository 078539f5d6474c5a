import { StallHits } from '../../../../lib/cage/cgroup/stall-limit';
import type { ResolvedStall } from '../../../../lib/cgroup/limits/cage-limits';
import type { MeterReading, NativeError } from '../../../../types/native';

const KILL: ResolvedStall = { limitMs: 1000, action: 'kill' };
const EVENT: ResolvedStall = { limitMs: 600, action: 'event' };
const REFUSED = { code: 'EPERM' } as NativeError;

function reading(changes: Partial<MeterReading>): MeterReading {
  return { valueUs: 0, mostUs: 0, times: 0, kills: 0, isReached: false, toldBy: 'pressure', ...changes };
}

function make(): StallHits {
  return new StallHits((refused) => new Error((refused as { code: string }).code));
}

test('a stretch below the limit is no hit', () => {
  const hits = make();
  hits.note(reading({ mostUs: 900_000 }), KILL);
  expect([hits.count, hits.last, hits.hasKilled, hits.takeUntold()]).toEqual([0, undefined, false, undefined]);
});

test('a hit keeps what held then', () => {
  const hits = make();
  hits.note(reading({ mostUs: 700_000, times: 1 }), EVENT);
  // It goes on.
  hits.note(reading({ mostUs: 800_500, times: 1 }), EVENT);
  hits.begin();
  hits.note(reading({ mostUs: 3_000_000 }), { limitMs: 60_000, action: 'kill' });
  expect(hits.count).toBe(1);
  const hit = { ...EVENT, toldBy: 'pressure', stalledMs: 800.5, killed: false, refusal: undefined };
  expect(hits.last).toEqual(hit);
  expect(hits.hasKilled).toBe(false);
});

test('a second hit that took no longer than the first has taken as long as the limit', () => {
  const hits = make();
  hits.note(reading({ mostUs: 1_500_000, times: 1, kills: 1 }), KILL);
  expect(hits.last).toMatchObject({ stalledMs: 1500, killed: true });
  hits.note(reading({ mostUs: 1_500_000, times: 2, kills: 2 }), KILL);
  expect(hits.last).toMatchObject({ stalledMs: 1000, killed: true });
});

test('the count goes on with another meter', () => {
  const hits = make();
  hits.note(reading({ mostUs: 1_500_000, times: 3, kills: 3 }), KILL);
  hits.begin();
  hits.note(reading({ mostUs: 1_100_000, times: 1, kills: 1 }), KILL);
  expect(hits.count).toBe(4);
  expect(hits.last).toMatchObject({ stalledMs: 1100, killed: true });
});

test('the reading before the kill has gone well', () => {
  const hits = make();
  hits.note(reading({ times: 1 }), KILL);
  expect(hits.last).toMatchObject({ killed: false });
  hits.note(reading({ times: 1, kills: 1 }), KILL);
  expect(hits.last).toMatchObject({ killed: true });
});

test('a refused kill, until one goes well', () => {
  const hits = make();
  hits.note(reading({ times: 1, refused: REFUSED }), KILL);
  expect(hits.last).toMatchObject({ killed: false, refusal: new Error('EPERM') });
  hits.note(reading({ times: 1, kills: 1 }), KILL);
  expect(hits.last).toMatchObject({ killed: true, refusal: undefined });
  expect(hits.hasKilled).toBe(true);
});

test('a refused kill is not one that went well if the cage has recovered by itself', () => {
  const hits = make();
  hits.note(reading({ times: 1, refused: REFUSED }), KILL);
  hits.note(reading({ times: 1 }), KILL);
  expect(hits.last).toMatchObject({ killed: false, refusal: new Error('EPERM') });
  // The next one is killed, and not this one.
  const first = hits.takeUntold();
  hits.note(reading({ times: 2, kills: 1 }), KILL);
  expect(first).toMatchObject({ killed: false });
  expect(hits.last).toMatchObject({ killed: true });
});

test('a kill that goes well late, and another refused one', () => {
  const hits = make();
  hits.note(reading({ times: 1, refused: REFUSED }), KILL);
  hits.note(reading({ times: 2, kills: 1, refused: REFUSED }), KILL);
  expect(hits.takeUntold()).toMatchObject({ killed: true, refusal: undefined });
  expect(hits.takeUntold()).toMatchObject({ killed: false, refusal: new Error('EPERM') });
  expect(hits.takeUntold()).toBeUndefined();
});

test('each hit is told of once', () => {
  const hits = make();
  hits.note(reading({ times: 2, kills: 2, mostUs: 1_200_000 }), KILL);
  hits.begin();
  expect(hits.takeUntold()).toMatchObject({ stalledMs: 1000, killed: true });
  expect(hits.takeUntold()).toMatchObject({ stalledMs: 1200, killed: true });
  hits.note(reading({ times: 0 }), KILL);
  expect(hits.takeUntold()).toBeUndefined();
});

test('a look that is refused is no refused kill', () => {
  const hits = make();
  const refused = { code: 'ENODATA', syscall: 'pread' } as NativeError;
  hits.note(reading({ refused }), KILL);
  expect([hits.count, hits.blindness]).toEqual([0, refused]);
  hits.note(reading({ times: 1, kills: 1 }), KILL);
  expect(hits.blindness).toBeUndefined();
  hits.note(reading({ times: 1, kills: 1, refused }), KILL);
  expect([hits.last?.refusal, hits.blindness]).toEqual([undefined, refused]);
});

import { LessonStore } from '../../../../lib/jobs/budget/learning/lesson-store';
import { type EndedFile, Needs } from '../../../../lib/programs/test-runners/needs';

const MIB = 1024 ** 2;
const LIMIT = 400 * MIB;
const clock = () => 1e12;

const needs = () => new Needs(new LessonStore(undefined, clock), clock);
const ended = (peakMib: number, more: Partial<EndedFile> = {}): EndedFile => ({
  limitBytes: LIMIT,
  wasKilled: false,
  wasCut: false,
  killedAtBytes: null,
  peakBytes: peakMib * MIB,
  mostUsedBytes: null,
  durationMs: 100,
  leftBytes: 0,
  ...more,
});
const mib = (bytes: number): number => Math.round(bytes / MIB);

describe('Needs', () => {
  test('of a file are what it needed, with a margin', () => {
    const of = needs();
    of.learn('a', ended(100));
    expect(mib(of.of('a', LIMIT))).toBeGreaterThanOrEqual(140);
    for (let run = 0; run < 50; run += 1) of.learn('a', ended(100));
    expect(mib(of.of('a', LIMIT))).toBeLessThan(125);
    expect(mib(of.of('a', 50 * MIB))).toBe(50);
  });

  test('of an unknown file are the limit, until ten are known, and p95 of them then', () => {
    let nowMs = 1e12;
    const of = new Needs(new LessonStore(undefined, () => nowMs), () => nowMs);
    for (let file = 0; file < 9; file += 1) of.learn(`${file}`, ended(50));
    expect(of.of('new', LIMIT)).toBe(LIMIT);
    for (let file = 9; file < 99; file += 1) of.learn(`${file}`, ended(50));
    of.learn('largest', ended(300));
    nowMs += 1000;
    expect(mib(of.of('new', LIMIT))).toBeGreaterThan(70);
    expect(mib(of.of('new', LIMIT))).toBeLessThan(80);
  });

  test('leave out what earlier files had left in a worker that was kept', () => {
    const of = needs();
    for (let run = 0; run < 50; run += 1) of.learn('a', ended(300, { leftBytes: 200 * MIB }));
    expect(mib(of.of('a', LIMIT))).toBeLessThan(125);
  });

  test('of one that was killed for its own limit are all that a worker may have', () => {
    const of = needs();
    of.learn('a', ended(400, { wasKilled: true, leftBytes: 100 * MIB }));
    expect(of.of('a', LIMIT)).toBe(LIMIT);
  });

  test('are not learned from one that something else ended', () => {
    const of = needs();
    of.learn('a', ended(100, { wasCut: true }));
    expect(of.of('a', LIMIT)).toBe(LIMIT);
  });
});

import { Brakes } from '../../../../lib/cage/polling/sampling/brakes';
import { type FakeProcess, lookAt } from '../../../support/processes/fake-processes';

const MIB = 2 ** 20;
const NONE = Number.POSITIVE_INFINITY;

const ONE = { id: 1, limitBytes: 1000 };
const TWO = { id: 2, limitBytes: 2000 };

/** Brakes on processes whose limits are those of `limits`, by pid. */
function newBrakes(processes: readonly FakeProcess[], limits: Map<number, number>) {
  const look = lookAt(processes);
  const brakes = new Brakes({
    limitData({ pid, soft }) {
      const before = limits.get(pid);
      if (before === undefined) throw Object.assign(new Error('gone'), { code: 'ESRCH' });
      if (soft !== undefined) limits.set(pid, soft);
      return before;
    },
  });
  const process = (pid: number) => {
    const found = look.find(pid);
    if (found === undefined) throw new Error(`there is no ${pid}`);
    return found;
  };
  return { brakes, look, process };
}

/** In MiB, rounded: a brake has a mark in its lowest bits. */
const mebibytes = (limits: Map<number, number>, pid: number) => Math.round((limits.get(pid) ?? 0) / MIB);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a process gets a brake, is free again, and nobody remembers it after a second', () => {
  const limits = new Map([[10, NONE]]);
  const { brakes, look, process } = newBrakes([{ pid: 10 }], limits);
  brakes.put(ONE, process(10), 100 * MIB, look);
  expect([mebibytes(limits, 10), brakes.limitOf(process(10))]).toEqual([100, 1000]);
  brakes.lift(1, process(10), look);
  expect([limits.get(10), brakes.limitOf(process(10))]).toEqual([NONE, 1000]);
  jest.advanceTimersByTime(1000);
  expect(brakes.limitOf(process(10))).toBeUndefined();
});

test('of several groups the lowest holds, and is the one that is told', () => {
  const limits = new Map([[10, NONE]]);
  const { brakes, look, process } = newBrakes([{ pid: 10 }], limits);
  brakes.put(ONE, process(10), 100 * MIB, look);
  brakes.put(TWO, process(10), 200 * MIB, look);
  expect([mebibytes(limits, 10), brakes.limitOf(process(10))]).toEqual([100, 1000]);
  brakes.lift(1, process(10), look);
  expect([mebibytes(limits, 10), brakes.limitOf(process(10))]).toEqual([100, 1000]);
  brakes.put(TWO, process(10), 200 * MIB, look);
  expect([mebibytes(limits, 10), brakes.limitOf(process(10))]).toEqual([200, 2000]);
  brakes.put(ONE, process(10), 150 * MIB, look);
  expect([mebibytes(limits, 10), brakes.limitOf(process(10))]).toEqual([150, 1000]);
});

test('a limit of somebody else stays, the lower and the higher', () => {
  for (const own of [50 * MIB, 500 * MIB]) {
    const limits = new Map([[10, own]]);
    const { brakes, look, process } = newBrakes([{ pid: 10 }], limits);
    brakes.put(ONE, process(10), 100 * MIB, look);
    brakes.lift(1, process(10), look);
    expect([limits.get(10), brakes.limitOf(process(10))]).toEqual([own, undefined]);
  }
});

test('what a process with a brake has started has none for long', () => {
  const limits = new Map([
    [10, NONE],
    [11, NONE],
  ]);
  const { brakes, look, process } = newBrakes([{ pid: 10 }, { pid: 11, ppid: 10 }], limits);
  brakes.put(ONE, process(10), 100 * MIB, look);
  limits.set(11, limits.get(10) ?? 0);
  brakes.lift(1, process(11), look);
  expect([mebibytes(limits, 10), limits.get(11)]).toEqual([100, NONE]);
});

test('another process that has got the pid keeps its limit', () => {
  const limits = new Map([[10, NONE]]);
  const { brakes, look, process } = newBrakes([{ pid: 10, start: 200 }], limits);
  brakes.put(ONE, { ...process(10), start: 100 }, 100 * MIB, look);
  expect([limits.get(10), brakes.limitOf(process(10))]).toEqual([NONE, undefined]);
});

test('who has ended, who is another user’s, and a place without the addon are no errors', () => {
  const { brakes, look, process } = newBrakes([{ pid: 10 }], new Map());
  brakes.put(ONE, process(10), 100 * MIB, look);
  expect(brakes.limitOf(process(10))).toBeUndefined();
  new Brakes(undefined).put(ONE, process(10), 100 * MIB, look);
});

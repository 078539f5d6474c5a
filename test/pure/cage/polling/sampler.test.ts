import type { SamplerReport } from '../../../../lib/cage/polling/messages';
import type { Look, ProcessTable } from '../../../../lib/cage/polling/sampling/process';
import { Sampler } from '../../../../lib/cage/polling/sampling/sampler';
import { SharedState } from '../../../../lib/cage/polling/shared-state';
import { type FakeProcess, lookAt } from '../../../support/processes/fake-processes';

const MIB = 2 ** 20;

const sleep = (ms: number) => (ms === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, ms)));

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** An addon with these limits, by pid. */
function nativeWith(limits: Map<number, number>) {
  return {
    pidfdOpen: () => 100,
    pidfdSendSignal: () => {},
    closeFd: () => {},
    limitData({ pid, soft }: { pid: number; soft?: number }) {
      const before = limits.get(pid) ?? Number.POSITIVE_INFINITY;
      if (soft !== undefined) limits.set(pid, soft);
      return before;
    },
  };
}

/** A sampler of processes that `list` makes up for each look. */
function newSampler(
  list: (looks: number, roots: readonly number[]) => FakeProcess[],
  lookMs = 0,
  reserve = { lend: () => false, refill: () => {} },
  limits?: Map<number, number>,
) {
  const seen = { looks: 0, failures: [] as unknown[], reports: [] as (SamplerReport & { group: number })[] };
  const known = new Set<number>();
  const table: ProcessTable = {
    startTolerance: 0,
    async look(_all, roots): Promise<Look> {
      seen.looks += 1;
      const processes = list(seen.looks, roots);
      await sleep(lookMs);
      const fresh = processes.map(({ pid }) => pid).filter((pid) => !known.has(pid));
      for (const pid of fresh) known.add(pid);
      return lookAt(processes, fresh);
    },
    rejudge: () => {},
    names: (processes) => processes,
  };
  const sampler = new Sampler({
    table,
    native: limits && nativeWith(limits),
    canStop: true,
    reserve,
    costMs: () => 0,
    report: (group, report) => seen.reports.push({ group, ...report }),
    onFailed: (error) => seen.failures.push(error),
  });
  const open = (group: number, limitBytes: number): SharedState => {
    const state = SharedState.create();
    sampler.handle({ kind: 'open', group, limitBytes, marker: `GROUP=${group}`, openedAt: 0, state: state.buffer });
    return state;
  };
  return { seen, sampler, open };
}

test('a process that is fresh in a look for one group is found by the others', async () => {
  const one = { pid: 10, rssBytes: MIB, env: ['GROUP=1'] };
  const two = { pid: 20, rssBytes: 2 * MIB, env: ['GROUP=2'] };
  // It appears when only the second group, which is near its limit, is looked at.
  const { open } = newSampler((looks) => (looks < 3 ? [two] : [one, two]));
  const states = [open(1, 1000 * MIB), open(2, 2.001 * MIB)];
  await jest.advanceTimersByTimeAsync(300);
  expect(states.map(({ seen }) => [seen.usageBytes, seen.processes])).toEqual([
    [MIB, 1],
    [2 * MIB, 1],
  ]);
});

test('a process that is added during a look which does not know of it stays in its group', async () => {
  const processes = [10, 11].map((pid) => ({ pid, rssBytes: MIB }));
  const { sampler, open } = newSampler((_, roots) => processes.filter(({ pid }) => roots.includes(pid)), 50);
  const state = open(1, 1000 * MIB);
  sampler.handle({ kind: 'add', group: 1, pid: 10, start: null });
  await jest.advanceTimersByTimeAsync(20);
  sampler.handle({ kind: 'add', group: 1, pid: 11, start: null });
  await jest.advanceTimersByTimeAsync(1000);
  expect(state.seen.processes).toBe(2);
});

test('looks may fail for a moment', async () => {
  const { seen, open } = newSampler((looks) => {
    if (looks < 50) throw new Error('no fd is free');
    return [{ pid: 10, rssBytes: MIB, env: ['GROUP=1'] }];
  });
  const state = open(1, 1000 * MIB);
  await jest.advanceTimersByTimeAsync(2000);
  expect(seen.failures).toEqual([]);
  expect(state.seen.usageBytes).toBe(MIB);
});

test('if they fail for long, that is told, once', async () => {
  const failure = new Error('no fd is free');
  const { seen, open } = newSampler(() => {
    throw failure;
  });
  open(1, 1000 * MIB);
  await jest.advanceTimersByTimeAsync(5000);
  expect(seen.failures).toEqual([failure]);
});

test('also if timers fire a little too early', async () => {
  const { setTimeout: onTime } = globalThis;
  const early = (run: () => void, ms: number) => onTime(run, ms - 0.7);
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(early as typeof setTimeout);
  const failure = new Error('no fd is free');
  const { seen, open } = newSampler(() => {
    throw failure;
  });
  open(1, 1000 * MIB);
  for (let step = 0; step < 50_000 && seen.failures.length === 0; step += 1) await jest.advanceTimersByTimeAsync(0.1);
  expect(seen.failures).toEqual([failure]);
});

test('if no fd is free, those in reserve are used at once, and taken back', async () => {
  let isThere = true;
  let lent = 0;
  const reserve = {
    lend(): boolean {
      const was = isThere;
      isThere = false;
      lent += 1;
      return was;
    },
    refill(): void {
      isThere = true;
    },
  };
  const { seen, open } = newSampler(
    () => {
      if (isThere) throw Object.assign(new Error('no fd is free'), { code: 'EMFILE' });
      return [{ pid: 10, rssBytes: MIB, env: ['GROUP=1'] }];
    },
    0,
    reserve,
  );
  const state = open(1, 1000 * MIB);
  await jest.advanceTimersByTimeAsync(5000);
  expect([seen.failures, state.seen.usageBytes, lent > 10]).toEqual([[], MIB, true]);
});

test('a victim is told with all groups that it belongs to', async () => {
  const signals = jest.spyOn(process, 'kill').mockReturnValue(true);
  const victims = [
    { pid: 10, env: ['GROUP=1', 'GROUP=3'] },
    { pid: 11, env: ['GROUP=1', 'GROUP=2'] },
  ];
  const { seen, open } = newSampler(() => victims.map((each) => ({ ...each, rssBytes: MIB })));
  for (const group of [2, 3]) open(group, Number.POSITIVE_INFINITY);
  open(1, MIB);
  await jest.advanceTimersByTimeAsync(100);
  expect(signals).toHaveBeenCalled();
  const of = (pid: number, ...groups: number[]) => ({ pid, name: 'fake', groups });
  expect(seen.reports).toMatchObject([{ kind: 'over', group: 1, kill: { victims: [of(10, 3, 1), of(11, 2, 1)] } }]);
});

test('what is killed was seen before by all groups that it belongs to', async () => {
  let isKilled = false;
  const signals = jest.spyOn(process, 'kill').mockImplementation((_, name) => {
    isKilled ||= name === 'SIGKILL';
    return true;
  });
  const child = (rssBytes: number): FakeProcess => ({
    ...{ pid: 10, env: ['GROUP=1', 'GROUP=2'], rssBytes },
    get ended() {
      return isKilled;
    },
  });
  // The first group is near its limit, and looked at often.
  const { open } = newSampler((looks) => (isKilled ? [] : [child((looks < 3 ? 79.9 : 100) * MIB)]));
  const states = [open(1, 80 * MIB), open(2, Number.POSITIVE_INFINITY)];
  await jest.advanceTimersByTimeAsync(300);
  expect(signals.mock.calls.map(([, name]) => name)).toEqual(['SIGSTOP', 'SIGKILL']);
  expect(states.map(({ seen: { peakBytes } }) => peakBytes)).toEqual([100 * MIB, 100 * MIB]);
});

test('what is swapped out while resident memory stays the same counts', async () => {
  const process = { pid: 10, rssBytes: 100 * MIB, env: ['GROUP=1'] };
  const { open } = newSampler((looks) => [{ ...process, swappedBytes: looks < 10 ? 0 : 500 * MIB }]);
  const state = open(1, 1000 * MIB);
  await jest.advanceTimersByTimeAsync(3000);
  expect(state.seen.usageBytes).toBe(600 * MIB);
});

test('without a group nothing is looked at', async () => {
  const { seen, open, sampler } = newSampler(() => []);
  open(1, 1000 * MIB);
  await jest.advanceTimersByTimeAsync(1000);
  const { looks } = seen;
  expect(looks).toBeGreaterThan(5);
  sampler.handle({ kind: 'close', group: 1 });
  await jest.advanceTimersByTimeAsync(1000);
  expect(seen.looks).toBe(looks);
});

describe('one that is about to reach its limit', () => {
  const LIMIT = 200 * MIB;

  /** How much it may reserve after each look, in MiB, while it uses so much. */
  async function bounds(used: number[]): Promise<{ bounds: number[]; refusedAt: number | null }> {
    const limits = new Map<number, number>();
    const told: number[] = [];
    const { open } = newSampler(
      (looks) => {
        if (looks > 1) told.push(Math.round((limits.get(10) ?? Number.POSITIVE_INFINITY) / MIB));
        const mib = used[looks - 1];
        const process = {
          pid: 10,
          rssBytes: (mib ?? 0) * MIB,
          reservedBytes: ((mib ?? 0) + 500) * MIB,
          env: ['GROUP=1'],
        };
        return mib === undefined ? [] : [process];
      },
      0,
      undefined,
      limits,
    );
    const state = open(1, LIMIT);
    await jest.advanceTimersByTimeAsync(1000);
    return { bounds: told.slice(0, used.length), refusedAt: state.seen.refusedAtBytes };
  }

  test('gets no more than what is left, and 2 % more, and is free again when it stops', async () => {
    const { bounds: told } = await bounds([10, 100, 180, 180, 180, 180]);
    expect(told.slice(0, 3)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 704]);
    expect(told.at(-1)).toBe(Number.POSITIVE_INFINITY);
  });

  test('and ends then, is told', async () => {
    expect(await bounds([10, 100, 180])).toMatchObject({ refusedAt: LIMIT });
    expect(await bounds([10, 100, 120])).toMatchObject({ refusedAt: null });
  });
});

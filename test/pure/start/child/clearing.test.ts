import { type Clearable, Clearing } from '../../../../lib/start/child/clearing';
import type { KernelReport } from '../../../../lib/start/child/kernel-report';
import { testRows } from '../../../support/rows';

let nowMs: number;
/** What was waited for between attempts. */
let waits: (number | 'turn')[];
const wait = (ms: number): void => {
  waits.push(ms);
  nowMs += ms;
};
jest.mock('../../../../lib/common/event-loop/timers', () => ({
  ...jest.requireActual<object>('../../../../lib/common/event-loop/timers'),
  pauseSync: (ms: number) => wait(ms),
  waitMs: (ms: number) => Promise.resolve(wait(ms)),
  untilNextIteration: () => Promise.resolve(void waits.push('turn')),
}));

beforeEach(() => {
  nowMs = 0;
  waits = [];
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

const UNREAD = { memory: 'of the plan', limits: 'unknown' };
const OOM = { cause: 'limit', kills: 1 };

/** A child that has ended. */
function ended() {
  const calls: string[] = [];
  const child = {
    calls,
    /** The verdicts of one reading after the other; the last stays. */
    ooms: [null] as (typeof OOM | null)[],
    /** Whether processes are left in it. */
    isPopulated: false,
    /** Kills until nothing of it is left. */
    kills: 0,
    /** How long a kill takes. */
    killMs: 0,
    readMs: 0,
    reads: 0,
    failure: undefined as Error | undefined,
    removal: undefined as Error | undefined,
    kill: undefined as Error | undefined,
    /** How often it has to wait though no process is left. */
    waits: 0,
    /** Before each kill. */
    onKill: () => {},
  };
  const clearable = {
    cgroup: {
      memory: { path: '/cg/c' },
      report: { fromPlan: () => UNREAD.memory },
      limitsReport: { unknown: () => UNREAD.limits },
      isPopulated: () => child.isPopulated,
      killForRemoval: () => {
        calls.push('kill');
        child.onKill();
        nowMs += child.killMs;
        if (child.kill !== undefined) throw child.kill;
        if (child.kills > 0) child.kills -= 1;
        if (child.kills === 0) child.isPopulated = false;
        return child.killMs < 25;
      },
    },
    readReport: () => {
      calls.push('read');
      nowMs += child.readMs;
      if (child.failure !== undefined) throw child.failure;
      const oom = child.ooms.length > 1 ? child.ooms.shift() : child.ooms[0];
      child.reads += 1;
      return { oom, memory: 'read', reading: child.reads };
    },
    removeCgroup: () => {
      calls.push('remove');
      if (child.removal !== undefined) throw child.removal;
      return child.kills === 0 && child.waits === 0;
    },
    mustWait: () => {
      if (child.waits > 0) child.waits -= 1;
      return child.waits > 0;
    },
  };
  return { child, clearing: new Clearing(clearable as unknown as Clearable) };
}

/** Both ways to clear. */
const ways: [string, (clearing: Clearing) => KernelReport | Promise<KernelReport>][] = [
  ['start', (clearing) => new Promise((resolve) => clearing.start(resolve))],
  ['finishNow', (clearing) => clearing.finishNow()],
];

testRows('neither kills nor reads while the removal has to wait', ways, async ([, clear]) => {
  const { clearing, child } = ended();
  child.waits = 3;
  await clear(clearing);
  expect(child.calls).toEqual(['read', 'remove', 'kill', 'read', 'remove']);
  expect(waits).toHaveLength(2);
});

test('is done at once if the first attempt is enough', () => {
  const { clearing, child } = ended();
  let report: KernelReport | undefined;
  clearing.start((each) => {
    report = each;
  });
  expect(report).toEqual({ oom: null, memory: 'read', reading: 1 });
  expect(child.calls).toEqual(['read', 'remove']);
});

describe.each(ways)('%s', (_, clear) => {
  test('kills what the child left, until nothing of it is left, and keeps the last reading', async () => {
    const { clearing, child } = ended();
    child.kills = 3;
    expect(await clear(clearing)).toEqual({ oom: null, memory: 'read', reading: 4 });
    expect(child.calls.join(' ')).toBe('read remove kill read remove kill read remove kill read remove');
    expect(waits).toEqual([1, 2]);
  });

  test('reads again after a verdict, once nobody can be killed any more', async () => {
    const { clearing, child } = ended();
    Object.assign(child, { ooms: [OOM, { ...OOM, kills: 2 }] });
    expect(await clear(clearing)).toEqual({ oom: { ...OOM, kills: 2 }, memory: 'read', reading: 2 });
    expect(child.calls).toEqual(['read', 'read', 'remove']);
  });

  test('removes nothing while victims of the kernel are in it', async () => {
    const { clearing, child } = ended();
    Object.assign(child, { ooms: [OOM], isPopulated: true, kills: 1 });
    expect(await clear(clearing)).toMatchObject({ oom: OOM, reading: 3 });
    expect(child.calls.join(' ')).toBe('read kill read read remove');
  });

  test('gives up after ten seconds, with the report', async () => {
    const { clearing, child } = ended();
    child.kills = Number.POSITIVE_INFINITY;
    const { error, ...report } = await clear(clearing);
    expect(report).toMatchObject({ oom: null, memory: 'read' });
    expect(error).toMatchObject({
      code: 'ERR_MEMCAGE_BUSY',
      message: '/cg/c could not be emptied within 10000 ms',
      path: '/cg/c',
    });
    expect(nowMs).toBeGreaterThanOrEqual(10_000);
    expect(nowMs).toBeLessThan(10_500);
  });

  test('gives up with the error that it had last, and what is known without reading', async () => {
    const { clearing, child } = ended();
    child.failure = new Error('no fd is free');
    expect(await clear(clearing)).toEqual({ oom: null, ...UNREAD, error: child.failure });
  });

  test('gives up with the error of a kill that is refused', async () => {
    const { clearing, child } = ended();
    Object.assign(child, { kills: Number.POSITIVE_INFINITY, kill: new Error('not permitted') });
    expect(await clear(clearing)).toMatchObject({ memory: 'read', error: child.kill });
  });

  test('a kill that is refused is of no account once nothing is left', async () => {
    const { clearing, child } = ended();
    Object.assign(child, { kills: 1, kill: new Error('not permitted') });
    child.onKill = () => {
      child.kills = 0;
    };
    expect(await clear(clearing)).toEqual({ oom: null, memory: 'read', reading: 2 });
  });

  test('an error that goes away is none', async () => {
    const { clearing, child } = ended();
    Object.assign(child, { kills: 2, failure: new Error('no fd is free') });
    child.onKill = () => {
      child.failure = undefined;
    };
    expect(await clear(clearing)).toEqual({ oom: null, memory: 'read', reading: 2 });
  });

  test('the error of an earlier attempt is not that of giving up', async () => {
    const { clearing, child } = ended();
    Object.assign(child, { kills: Number.POSITIVE_INFINITY, removal: new Error('no fd is free') });
    child.onKill = () => {
      child.removal = undefined;
    };
    expect((await clear(clearing)).error).toMatchObject({ code: 'ERR_MEMCAGE_BUSY' });
  });
});

test('after a kill that took long the event loop gets a turn before anything is read', async () => {
  const { clearing, child } = ended();
  Object.assign(child, { kills: 2, killMs: 30 });
  // From the second on they are quick.
  child.onKill = () => {
    if (child.kills === 1) child.killMs = 0;
  };
  await new Promise((resolve) => clearing.start(resolve));
  expect(child.calls.join(' ')).toBe('read remove kill kill read remove');
  expect(waits).toEqual(['turn']);
});

test('after a first attempt that took long the event loop gets a turn too', async () => {
  const { clearing, child } = ended();
  Object.assign(child, { kills: 1, readMs: 30 });
  await new Promise((resolve) => clearing.start(resolve));
  expect(waits).toEqual(['turn']);
});

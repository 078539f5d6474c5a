import type { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import {
  type Removal,
  removeStep,
  removeTree,
  retry,
  retrySync,
  tookLong,
  undo,
  undoMake,
} from '../../../../lib/cgroup/processes/remove-cgroup';
import { spendOfShare } from '../../../../lib/common/event-loop/time-slices';
import { type CgroupsInMemory, cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';

/** What time it is. */
let nowMs: number;
/** The end of the last wait for which the process stays alive. */
let aliveUntilMs: number;
/** What was waited for: milliseconds, or the next turn of the event loop. */
let waits: (number | 'turn')[];

const wait = (ms: number): void => {
  waits.push(ms);
  nowMs += ms;
};
jest.mock('../../../../lib/common/event-loop/timers', () => ({
  ...jest.requireActual<object>('../../../../lib/common/event-loop/timers'),
  pauseSync: (ms: number) => wait(ms),
  waitMs: (ms: number, { keepsAlive = true } = {}) => {
    if (keepsAlive) aliveUntilMs = nowMs + ms;
    return Promise.resolve(wait(ms));
  },
  untilNextIteration: () => Promise.resolve(void waits.push('turn')),
}));

beforeEach(() => {
  nowMs = 1000;
  aliveUntilMs = nowMs;
  waits = [];
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

const tree = (): CgroupsInMemory =>
  cgroupsInMemory({
    '': {},
    c: {},
    'c/below': {},
    'c/below/deep': {},
    busy: { 'cgroup.procs': '7' },
    around: {},
    'around/busy': { 'cgroup.procs': '8' },
  });

/** A cgroup whose removal the kernel refuses, at once and, with others below gone, again. */
function refusing(
  code: Parameters<typeof refusal>[0],
  instead: Partial<CgroupsInMemory['native']> = {},
): CgroupDirectory {
  const removeDirectory = (): never => {
    throw refusal(code, 'unlinkat');
  };
  return cgroupsInMemory({ '': {}, c: {} }, { removeDirectory, ...instead }).directory('c');
}

describe('a step', () => {
  testRows<[string, Removal, string[]]>(
    'removes a cgroup and those below it, unless processes are in them',
    [
      ['c/below/deep', 'removed', ['remove c/below/deep']],
      ['c', 'removed', ['remove c/below/deep', 'remove c/below', 'remove c']],
      ['busy', 'busy', []],
      ['around', 'busy', []],
      ['gone', 'removed', []],
    ],
    ([path, removal, done]) => {
      const cgroups = tree();
      expect(removeStep(cgroups.directory(path))).toBe(removal);
      expect(cgroups.done).toEqual(done);
    },
  );

  test('is whole only if nothing is left', () => {
    const cgroups = tree();
    expect(removeTree(cgroups.directory('c'))).toBe(true);
    expect(removeTree(cgroups.directory('busy'))).toBe(false);
  });

  test('has no more than a slice of time for what is below', () => {
    const budgets: number[] = [];
    const removeBelow = ({ budgetMs }: { budgetMs: number }): 'more' => {
      budgets.push(budgetMs);
      return 'more';
    };
    expect(removeStep(refusing('EBUSY', { removeBelow }))).toBe('more');
    expect(budgets).toEqual([25]);
  });

  test('says that it is busy if the kernel is not done with processes that have ended', () => {
    expect(removeStep(refusing('EBUSY'))).toBe('busy');
    expect(removeStep(refusing('ENOTEMPTY'))).toBe('busy');
  });

  test('takes what others have removed for removed', () => {
    expect(removeStep(refusing('ENOENT'))).toBe('removed');
    expect(removeStep(refusing('ENODEV'))).toBe('removed');
  });

  test('takes what others have removed meanwhile for removed', () => {
    const cgroups = tree();
    cgroups.native.removeBelow = () => {
      cgroups.cgroups.clear();
      throw refusal('ENOENT');
    };
    expect(removeStep(cgroups.directory('c'))).toBe('removed');
  });

  test('removes nothing of a directory that is closed', () => {
    const cgroups = tree();
    const directory = cgroups.directory('c');
    directory.close();
    expect(removeStep(directory)).toBe('removed');
    expect(cgroups.done).toEqual([]);
  });

  test('fails if it may not, and says of what', () => {
    expect(() => removeStep(refusing('EPERM'))).toThrow(withCode('NO_PERMISSION', "Can't remove /cg/c"));
    const removeBelow = (): never => {
      throw refusal('EPERM', 'unlinkat');
    };
    expect(() => removeStep(refusing('EBUSY', { removeBelow }))).toThrow(
      withCode('NO_PERMISSION', "Can't remove /cg/c"),
    );
  });

  test('takes back the rights that a process in it took away', () => {
    const cgroups = tree();
    const { removeBelow } = cgroups.native;
    let isLocked = true;
    cgroups.native.removeBelow = (options) => {
      if (isLocked) throw refusal('EACCES');
      return removeBelow(options);
    };
    const directory = cgroups.directory('c');
    jest.spyOn(directory, 'regainAccess').mockImplementation(() => {
      isLocked = false;
    });
    expect(removeStep(directory)).toBe('removed');
    expect(cgroups.done).toContain('remove c');
  });
});

test('undoing never fails', () => {
  let isDone = false;
  undo(() => {
    isDone = true;
    throw new Error('no fd is free');
  });
  expect(isDone).toBe(true);
});

test('a slice is over after 25 ms', () => {
  expect(tookLong(1000 - 24)).toBe(false);
  expect(tookLong(1000 - 25)).toBe(true);
});

/** An attempt that succeeds as the n-th, from 1, and takes a time each. */
function succeedsAs(n: number, ms: number | ((attempt: number) => number) = 0): () => boolean {
  let attempts = 0;
  return () => {
    attempts += 1;
    nowMs += typeof ms === 'number' ? ms : ms(attempts);
    return attempts >= n;
  };
}

/** Both ways to try again. */
const ways: [string, (attempt: () => boolean, timeoutMs: number) => boolean | Promise<boolean>][] = [
  ['retry', retry],
  ['retrySync', retrySync],
];

describe.each(ways)('%s', (_, again) => {
  test('waits for nothing if the first attempt is enough', async () => {
    expect(await again(succeedsAs(1), 1000)).toBe(true);
    expect(waits).toEqual([]);
  });

  test('waits longer each time, up to a quarter of a second', async () => {
    expect(await again(succeedsAs(12), 10_000)).toBe(true);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 250, 250, 250]);
  });

  test('waits as long after thousands of attempts', async () => {
    expect(await again(succeedsAs(2000), 1e9)).toBe(true);
    expect(waits.at(-1)).toBe(250);
  });

  test('gives up when the time is over, and not before', async () => {
    expect(await again(() => false, 15)).toBe(false);
    // 1 + 2 + 4 + 8
    expect(waits).toEqual([1, 2, 4, 8]);
    expect(nowMs).toBe(1015);
  });

  test('an attempt that succeeds late has succeeded', async () => {
    expect(await again(succeedsAs(1, 5000), 1000)).toBe(true);
  });

  test('makes one attempt whatever the time', async () => {
    expect(await again(succeedsAs(1), 0)).toBe(true);
    expect(await again(succeedsAs(2), 0)).toBe(false);
  });
});

test.each([
  [undefined, 63],
  [7, 7],
  [0, 0],
])('keeps the process alive for %s ms', async (aliveMs, expected) => {
  expect(await retry(succeedsAs(7), 1000, aliveMs)).toBe(true);
  expect(waits).toEqual([1, 2, 4, 8, 16, 32]);
  expect(aliveUntilMs - 1000).toBe(expected);
});

test('while attempts take long, the event loop gets a turn after each, and there is no wait', async () => {
  expect(
    await retry(
      succeedsAs(5, (attempt) => (attempt === 2 || attempt === 3 ? 30 : 0)),
      1000,
    ),
  ).toBe(true);
  expect(waits).toEqual([1, 'turn', 'turn', 1]);
});

test('blocking, the waits begin anew after an attempt that took long', () => {
  expect(
    retrySync(
      succeedsAs(6, (attempt) => (attempt === 4 ? 30 : 0)),
      1000,
    ),
  ).toBe(true);
  expect(waits).toEqual([1, 2, 4, 1, 2]);
});

describe('undoing the making of a cgroup', () => {
  /** Refuses so often; then it is as the cgroups in memory are. */
  function shortFor(times: number, code: 'ENOMEM' | 'EBUSY'): { calls(): number; undo(): void; isThere(): boolean } {
    let calls = 0;
    const made = cgroupsInMemory({ '': {}, c: {} });
    const { removeDirectory } = made.native;
    made.native.removeDirectory = (options) => {
      calls += 1;
      if (calls <= times) throw refusal(code, 'unlinkat');
      return removeDirectory(options);
    };
    const directory = made.directory('c');
    return { calls: () => calls, undo: () => undoMake(directory), isThere: () => made.cgroups.has('c') };
  }

  test('is done at once, and no second time', async () => {
    const made = shortFor(0, 'ENOMEM');
    made.undo();
    expect([made.isThere(), waits]).toEqual([false, []]);
    await new Promise(setImmediate);
    expect(made.calls()).toBe(1);
  });

  test('is done at once, too, where others have used up this turn of the event loop', async () => {
    spendOfShare(1000);
    const made = shortFor(0, 'ENOMEM');
    made.undo();
    expect(made.isThere()).toBe(false);
    await new Promise(setImmediate);
  });

  test.each(['ENOMEM', 'EBUSY'] as const)(
    'is done later, where the kernel refused it with %s at first',
    async (code) => {
      const made = shortFor(10, code);
      made.undo();
      expect(made.isThere()).toBe(true);
      await new Promise(setImmediate);
      expect(made.isThere()).toBe(false);
    },
  );

  test('ends, and fails nobody, where the kernel refuses it for ever', async () => {
    const made = shortFor(Number.POSITIVE_INFINITY, 'ENOMEM');
    made.undo();
    await new Promise(setImmediate);
    const { calls } = made;
    const before = calls();
    await new Promise(setImmediate);
    expect([calls() - before, nowMs < 6000]).toEqual([0, true]);
  });
});

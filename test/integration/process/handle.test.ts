import { AsyncLocalStorage } from 'node:async_hooks';
import { constants } from 'node:os';
import { ProcessHandle } from '../../../lib/process/handle';
import type { Launch, NodeSpawnOptions, OnEnd, Program } from '../../../lib/process/launch-contract';
import { spawnStock, stockHandle } from '../../support/children/stock-launch';
import { nodeSpawn, swappedSpawn } from '../../support/children/stock-spawn';
import { patience } from '../../support/patience';
import { testRows } from '../../support/rows';
import { until } from '../../support/until';

const { EACCES, ECANCELED, EINVAL, EMFILE, ENOENT, EPERM, ESRCH } = constants.errno;

const request: NodeSpawnOptions = { file: 'true', args: ['true'], envPairs: ['A=1'], stdio: [{ type: 'ignore' }] };

/** A handle for which the test plays the launch. */
function setUp(launch?: Launch) {
  const programs: Program[] = [];
  const ends: OnEnd[] = [];
  const kills: number[] = [];
  let holders = 0;
  const succeed: Launch = (_plan, onEnd) => {
    ends.push(onEnd);
    return {
      pid: 42,
      kill: (signal) => {
        kills.push(signal);
        return signal === 64 ? -EPERM : 0;
      },
    };
  };
  const handle = new ProcessHandle({
    launch: (program, onEnd) => {
      programs.push(program);
      return (launch ?? succeed)(program, onEnd);
    },
    binding: {
      socketPair: () => {
        throw new Error('no pipes here');
      },
      closeFd: () => {},
      giveFdAway: () => {},
    },
    refs: {
      acquire: () => {
        holders += 1;
      },
      release: () => {
        holders -= 1;
      },
    },
  });
  const exits: unknown[][] = [];
  handle.onexit = (...args) => exits.push(args);
  const end: OnEnd = (...args) => ends[0]?.(...args);
  return { handle, programs, exits, kills, end, holders: () => holders };
}

describe('before spawn', () => {
  test('is as the handle of Node: no pid, no ref, and ref and unref without effect', () => {
    const stock = stockHandle();
    const { handle, holders } = setUp();
    for (const each of [stock, handle] as ProcessHandle[]) {
      expect([each.pid, each.hasRef(), each.ref(), each.unref(), each.hasRef()]).toEqual([
        undefined,
        false,
        undefined,
        undefined,
        false,
      ]);
    }
    handle.unref();
    handle.spawn(request);
    expect([handle.hasRef(), holders()]).toEqual([true, 1]);
  });

  test('kill is ESRCH, and never a signal to the own process group', () => {
    expect(setUp().handle.kill(0)).toBe(-ESRCH);
  });

  test('close makes spawn EINVAL', () => {
    const { handle, programs } = setUp();
    handle.close();
    expect(handle.spawn(request)).toBe(-EINVAL);
    expect(programs).toEqual([]);
  });
});

describe('spawn', () => {
  test('returns 0 and sets pid', () => {
    const { handle, programs } = setUp();
    expect(handle.spawn(request)).toBe(0);
    expect(handle.pid).toBe(42);
    expect(programs).toEqual([{ file: 'true', args: ['true'], env: ['A=1'], stdio: [-1], detached: false }]);
  });

  test('hands on what is there', () => {
    const { handle, programs } = setUp();
    handle.spawn({ ...request, cwd: '/', detached: true, uid: 0, gid: 1 });
    expect(programs[0]).toMatchObject({ cwd: '/', detached: true, uid: 0, gid: 1 });
  });

  test('leaves out what process_wrap ignores', () => {
    const { handle, programs } = setUp();
    handle.spawn({ file: 'x', stdio: [], cwd: Buffer.from('/'), uid: null, gid: undefined });
    const given = Object.entries(programs[0] ?? {}).filter(([, value]) => value !== undefined);
    expect(given.map(([name]) => name).sort()).toEqual(['args', 'detached', 'env', 'file', 'stdio']);
    expect(programs[0]?.args).toEqual(['x']);
    expect(programs[0]?.env).toContain(`PATH=${process.env.PATH}`);
  });

  testRows('returns the errno of the launch', [ENOENT, EACCES, EMFILE], (errno) => {
    const { handle, holders } = setUp(() => ({ errno: -errno }));
    expect(handle.spawn(request)).toBe(-errno);
    expect([handle.pid, handle.failure, holders()]).toEqual([undefined, undefined, 0]);
    expect(handle.kill(9)).toBe(-ESRCH);
  });

  test('a refused one has a ref but does not hold the loop, as that of Node', () => {
    const stock = stockHandle();
    expect(spawnStock(stock, { file: '/no/such/program', args: ['x'], envPairs: [], stdio: [] })).toBe(-ENOENT);
    expect(stock).toHaveProperty('onexit');
    const { handle, holders } = setUp(() => ({ errno: -ENOENT }));
    handle.spawn(request);
    expect([handle.hasRef(), holders()]).toEqual([(stock as unknown as ProcessHandle).hasRef(), 0]);
    stock.close();
  });

  test('what the launch throws is kept, and ECANCELED returned', () => {
    const error = new Error('no cage');
    const { handle, exits } = setUp(() => {
      throw error;
    });
    expect(handle.spawn(request)).toBe(-ECANCELED);
    expect(handle.failure).toEqual({ error });
    expect(exits).toEqual([]);
  });

  test('keeps even undefined, thrown, apart from no failure', () => {
    const { handle } = setUp(() => {
      throw undefined;
    });
    handle.spawn(request);
    expect(handle.failure).toEqual({ error: undefined });
  });

  test('a second one is EINVAL and leaves the first alone', () => {
    const { handle, programs, holders } = setUp();
    handle.spawn(request);
    expect(handle.spawn(request)).toBe(-EINVAL);
    expect([programs.length, holders(), handle.kill(9)]).toEqual([1, 1, 0]);
  });
});

describe('the end', () => {
  testRows<[Parameters<OnEnd>, unknown[]]>(
    'is reported as Node does',
    [
      [
        [0, null, 0],
        [0, ''],
      ],
      [
        [255, null, 0],
        [255, ''],
      ],
      [
        [null, 'SIGKILL', 0],
        [0, 'SIGKILL'],
      ],
      [
        [null, null, -10],
        [-10, ''],
      ],
    ],
    ([end, exit]) => {
      const { handle, exits, end: finish, holders } = setUp();
      handle.spawn(request);
      finish(...end);
      expect(exits).toEqual([exit]);
      expect([holders(), handle.kill(9), handle.pid]).toEqual([0, -ESRCH, 42]);
    },
  );

  test('is reported once, to the callback of that moment', () => {
    const { handle, exits, end, holders } = setUp();
    handle.spawn(request);
    const late: unknown[] = [];
    handle.onexit = (code) => late.push(code);
    end(1, null, 0);
    end(2, null, 0);
    expect([exits, late, holders()]).toEqual([[], [1], 0]);
  });

  test('is not reported after close', () => {
    const { handle, exits, end, holders } = setUp();
    handle.spawn(request);
    handle.close();
    expect(holders()).toBe(0);
    end(0, null, 0);
    expect([exits, holders(), handle.kill(9)]).toEqual([[], 0, -ESRCH]);
  });

  test('runs in the async context of the handle, wherever it is told from', () => {
    const storage = new AsyncLocalStorage<string>();
    const { handle, end } = storage.run('spawner', () => setUp());
    handle.spawn(request);
    let store: string | undefined;
    handle.onexit = () => {
      store = storage.getStore();
    };
    storage.run('watcher', () => end(0, null, 0));
    expect(store).toBe('spawner');
  });

  test.each([
    ['Node', nodeSpawn],
    ['ours', swappedSpawn],
  ])('runs in the async context of the spawn: %s', async (_name, spawn) => {
    const storage = new AsyncLocalStorage<string>();
    const child = storage.run('spawner', () => spawn('true'));
    const store = await new Promise((resolve) => child.once('exit', () => resolve(storage.getStore())));
    expect(store).toBe('spawner');
  });
});

describe('kill', () => {
  test('passes on signal and result', () => {
    const { handle, kills } = setUp();
    handle.spawn(request);
    expect([handle.kill(0), handle.kill(15), handle.kill(64)]).toEqual([0, 0, -EPERM]);
    expect(kills).toEqual([0, 15, 64]);
  });
});

describe('ref', () => {
  test('holds the loop while the child runs and is ref’d, once', () => {
    const { handle, end, holders } = setUp();
    handle.spawn(request);
    const states = [holders()];
    for (const step of ['ref', 'unref', 'unref', 'ref', 'ref', 'unref'] as const) {
      handle[step]();
      states.push(holders());
    }
    expect(states).toEqual([1, 1, 0, 0, 1, 1, 0]);
    expect(handle.hasRef()).toBe(false);
    end(0, null, 0);
    handle.ref();
    expect(holders()).toBe(0);
  });

  test('is gone after close', () => {
    const { handle, holders } = setUp();
    handle.spawn(request);
    handle.unref();
    handle.close();
    handle.close();
    handle.ref();
    expect([handle.hasRef(), holders()]).toEqual([false, 0]);
  });
});

test('close calls back later, once', async () => {
  const { handle } = setUp();
  handle.spawn(request);
  const calls: string[] = [];
  handle.close(() => calls.push('first'));
  handle.close(() => calls.push('second'));
  expect(calls).toEqual([]);
  await until('it calls back', () => calls.length > 0);
  await new Promise((resolve) => setTimeout(resolve, patience(10)));
  expect(calls).toEqual(['first']);
});

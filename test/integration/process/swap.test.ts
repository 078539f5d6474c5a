import childProcess, { type ChildProcess, type SpawnOptions } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { loadNative } from '../../../lib/common/addon/load-native';
import { ProcessHandle } from '../../../lib/process/handle';
import type { callWith } from '../../../lib/process/intercept-children';
import type { Launch } from '../../../lib/process/launch-contract';
import { eventNames, follow } from '../../support/children/child-record';
import { stockLaunch, timerRefs } from '../../support/children/stock-launch';
import { librarySpawn, nodeSpawn, spawnWithHandle, swappedSpawn } from '../../support/children/stock-spawn';
import { withCode } from '../../support/error-code';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { testRows } from '../../support/rows';

const refs = timerRefs();
const makerOf = (launch: Launch) => () => new ProcessHandle({ launch, binding: loadNative(), refs });
const isSwapped = (child: ChildProcess): boolean => Reflect.get(child, '_handle') instanceof ProcessHandle;
const hasShadow = (child: ChildProcess): boolean => Object.hasOwn(child, 'spawn');

/** Runs it once, since what a subscriber does calls the subscriber again. */
function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}

const subscriptions: [string, (message: unknown) => void][] = [];
function subscribe(onChild: (child: ChildProcess) => void, channel = 'child_process'): void {
  const listener = (message: unknown): void => onChild((message as { process: ChildProcess }).process);
  diagnostics.subscribe(channel, listener);
  subscriptions.push([channel, listener]);
}
afterEach(() => {
  for (const [channel, listener] of subscriptions.splice(0)) diagnostics.unsubscribe(channel, listener);
});

test('the handle is ours and nothing else is left on the child', async () => {
  const child = swappedSpawn('true');
  expect([isSwapped(child), hasShadow(child)]).toEqual([true, false]);
  await follow(child);
});

test('the options object of the caller stays as it is, frozen or not', async () => {
  const options: SpawnOptions = Object.freeze({ stdio: 'ignore', env: Object.freeze({ PATH: '/bin' }) });
  await follow(librarySpawn('true', [], options));
  await follow(librarySpawn('true', options));
  expect(Reflect.ownKeys(options)).toEqual(['stdio', 'env']);
});

test('a launch that throws: the very same error, synchronously, and no fd left', async () => {
  const error = new Error('no cage');
  const before = openFds();
  let started = 0;
  const attempt = () =>
    spawnWithHandle(
      'true',
      [],
      { stdio: ['pipe', 'overlapped', 'pipe', 'ipc'] },
      makerOf(() => {
        started += 1;
        throw error;
      }),
    );
  for (let round = 0; round < 10; round += 1) expect(attempt).toThrow(error);
  expect(started).toBe(10);
  await expectNoNewFds(before);
});

test('a handle that can’t be made: that error, and no child', async () => {
  const error = new Error('no handle');
  const attempt = () =>
    spawnWithHandle('true', [], {}, () => {
      throw error;
    });
  expect(attempt).toThrow(error);
});

testRows(
  'a launch that fails so comes as an event',
  ['EACCES', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT'] as const,
  async (code) => {
    const { errno } = await import('node:os').then(({ constants }) => constants);
    const before = openFds();
    const child = spawnWithHandle(
      'x',
      ['y'],
      {},
      makerOf(() => ({ errno: -errno[code] })),
    );
    const record = await follow(child);
    expect(eventNames(record.events)).toEqual(['error', 'close']);
    expect(record.events[0]?.[1]).toMatchObject({ code, path: 'x', spawnargs: ['y'] });
    await expectNoNewFds(before);
  },
);

test('what Node refuses never makes a handle, and leaves no swap behind', async () => {
  const makeHandle = jest.fn();
  expect(() => spawnWithHandle('', [], {}, makeHandle)).toThrow(/file/);
  expect(() => spawnWithHandle('true', [], { cwd: 1 as never }, makeHandle)).toThrow(/cwd/);
  expect(makeHandle).not.toHaveBeenCalled();
  const child = nodeSpawn('true');
  expect([isSwapped(child), hasShadow(child)]).toEqual([false, false]);
  await follow(child);
});

test('no launch when Node refuses stdio', () => {
  const launch = jest.fn();
  expect(() => spawnWithHandle('true', [], { stdio: 'x' as never }, makerOf(launch))).toThrow(/stdio/);
  expect(launch).not.toHaveBeenCalled();
});

describe('other subscribers', () => {
  /** spawnWithHandle of a copy of the module, which subscribes at its first call, after all earlier subscribers. */
  function freshSpawn(): typeof spawnWithHandle {
    let fresh: typeof callWith | undefined;
    jest.isolateModules(() => {
      fresh = require('../../../lib/process/intercept-children').callWith;
    });
    if (fresh === undefined) throw new Error('not loaded');
    const call = fresh;
    return (file, args, options, makeHandle) => spawnWithHandle(file, args, options, makeHandle, call);
  }

  describe.each(['before ours', 'after ours'])('that subscribed %s', (order) => {
    function spawnBeside(onChild: (child: ChildProcess) => void): ChildProcess {
      const spawn = order === 'before ours' ? freshSpawn() : spawnWithHandle;
      if (order === 'after ours') swappedSpawn('true').unref();
      subscribe(onChild);
      return spawn('true', [], {}, makerOf(stockLaunch));
    }

    test('and start children themselves: those are not swapped, and ours is', async () => {
      const nested: ChildProcess[] = [];
      const child = spawnBeside(once(() => nested.push(nodeSpawn('true'), nodeSpawn('true', [], { stdio: 'ignore' }))));
      expect(nested.map((each) => [isSwapped(each), hasShadow(each)])).toEqual([
        [false, false],
        [false, false],
      ]);
      expect(isSwapped(child)).toBe(true);
      await Promise.all([child, ...nested].map(follow));
    });

    test('and only make a ChildProcess: it stays untouched', async () => {
      const made: ChildProcess[] = [];
      const StockChild = childProcess.ChildProcess as unknown as new () => ChildProcess;
      const child = spawnBeside(once(() => made.push(new StockChild())));
      expect(made.map(hasShadow)).toEqual([false]);
      await follow(child);
    });

    test('and start a child of ours: each has its own handle', async () => {
      const nested: ChildProcess[] = [];
      const child = spawnBeside(once(() => nested.push(swappedSpawn('sh', ['-c', 'exit 7']))));
      expect([child, ...nested].map((each) => [isSwapped(each), hasShadow(each)])).toEqual([
        [true, false],
        [true, false],
      ]);
      const records = await Promise.all([child, ...nested].map(follow));
      expect(records.map(({ after }) => after.exitCode)).toEqual([0, 7]);
    });

    test('and wrap spawn on the instance: both are called', async () => {
      const wrapped: { file: string }[] = [];
      const child = spawnBeside((each) => {
        const instance = each as unknown as { spawn(options: { file: string }): unknown };
        const { spawn } = instance;
        instance.spawn = function (options) {
          wrapped.push(options);
          return spawn.call(this, options);
        };
      });
      expect(isSwapped(child)).toBe(true);
      // Before its first child, a copy makes a trial with a program that can't run.
      expect(wrapped.filter(({ file }) => file !== '/dev/null')).toHaveLength(1);
      expect(wrapped.flatMap(Object.getOwnPropertySymbols)).toEqual([]);
      await follow(child);
    });
  });

  test('that replace spawn on the instance: an error, and nothing ran', () => {
    swappedSpawn('true').unref();
    const children: ChildProcess[] = [];
    subscribe((child) => {
      children.push(child);
      const { spawn } = Object.getPrototypeOf(child);
      Object.assign(child, { spawn: (options: unknown) => spawn.call(child, options) });
    });
    expect(() => swappedSpawn('sleep', ['60'])).toThrow(withCode('UNSUPPORTED_NODE'));
    expect(children.map(({ pid }) => pid)).toEqual([undefined]);
  });

  test('of child_process.spawn (Node 24) don’t find our symbol, and can’t reuse the call', async () => {
    const seen: unknown[] = [];
    const listener = (message: unknown): void => {
      const { options } = message as { options: object };
      seen.push(...Object.getOwnPropertySymbols(options));
    };
    diagnostics.subscribe('tracing:child_process.spawn:start', listener);
    subscriptions.push(['tracing:child_process.spawn:start', listener]);
    await follow(swappedSpawn('true'));
    expect(seen).toEqual([]);
  });
});

test('two copies of the module don’t mix', async () => {
  let other: typeof callWith | undefined;
  jest.isolateModules(() => {
    other = require('../../../lib/process/intercept-children').callWith;
  });
  const launched: string[] = [];
  const launchAs =
    (name: string): Launch =>
    (...args) => {
      launched.push(name);
      return stockLaunch(...args);
    };
  const children = [
    spawnWithHandle('true', [], {}, makerOf(launchAs('other')), other),
    spawnWithHandle('true', [], {}, makerOf(launchAs('own'))),
    nodeSpawn('true'),
  ];
  expect(launched).toEqual(['other', 'own']);
  await Promise.all(children.flatMap((child) => (child ? [follow(child)] : [])));
});

test('child_process.spawn replaced by memcage’s is no endless loop', async () => {
  const original = childProcess.spawn;
  childProcess.spawn = swappedSpawn as typeof childProcess.spawn;
  const child = childProcess.spawn('true');
  childProcess.spawn = original;
  expect(isSwapped(child)).toBe(true);
  await follow(child);
});

test('unrelated spawns afterwards are stock', async () => {
  await follow(swappedSpawn('true'));
  const { spawn } = childProcess.ChildProcess.prototype as unknown as { spawn: unknown };
  const child = nodeSpawn('true');
  expect([isSwapped(child), hasShadow(child), Reflect.get(child, 'spawn') === spawn]).toEqual([false, false, true]);
  await follow(child);
});

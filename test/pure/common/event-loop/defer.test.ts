/** @starts-children A Node whose loop nothing else keeps awake. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { defer } from '../../../../lib/common/event-loop/timers';

const root = join(__dirname, '../../../..');
const nextIteration = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  jest.useRealTimers();
});

test('in the next iteration, in the order in which they came, once', async () => {
  const done: number[] = [];
  for (const each of [1, 2, 3]) defer(() => done.push(each));
  await Promise.resolve();
  expect(done).toEqual([]);
  await nextIteration();
  expect(done).toEqual([1, 2, 3]);
  await nextIteration();
  expect(done).toEqual([1, 2, 3]);
});

test('what is added by one of them waits for the turn after', async () => {
  const done: string[] = [];
  defer(() => {
    done.push('first');
    defer(() => done.push('second'));
  });
  await nextIteration();
  expect(done).toEqual(['first']);
  await nextIteration();
  expect(done).toEqual(['first', 'second']);
});

test('before the loop sleeps until the next event, also where an immediate has called', () => {
  // The end of the work of another thread, some hundred milliseconds later, wakes the loop.
  const program = `
    const { defer } = require(${JSON.stringify(join(root, 'lib/common/event-loop/timers'))});
    setImmediate(() => {
      defer(() => console.log('deferred'));
      require('node:crypto').pbkdf2('word', 'salt', 500_000, 64, 'sha512', () => console.log('event'));
    });`;
  const args = ['--require', join(root, 'test/support/register-ts.js'), '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: 'deferred\nevent\n', stderr: '' });
});

test('in no context of the caller', async () => {
  const storage = new AsyncLocalStorage<string>();
  let store: string | undefined = 'not asked';
  storage.run('of the caller', () => {
    defer(() => {
      store = storage.getStore();
    });
  });
  await nextIteration();
  expect(store).toBeUndefined();
});

test('under fake timers too', async () => {
  const turn = setImmediate;
  jest.useFakeTimers();
  const done = jest.fn();
  defer(done);
  await new Promise((resolve) => turn(resolve));
  expect(done).toHaveBeenCalledTimes(1);
});

test('loaded under fake timers, and where there is no global setImmediate', async () => {
  const turn = setImmediate;
  jest.useFakeTimers();
  // Like jsdom.
  Reflect.deleteProperty(globalThis, 'setImmediate');
  const done = jest.fn();
  jest.isolateModules(() => {
    const fresh = jest.requireActual<typeof import('../../../../lib/common/event-loop/timers')>(
      '../../../../lib/common/event-loop/timers',
    );
    fresh.defer(done);
  });
  await new Promise((resolve) => turn(resolve));
  expect(done).toHaveBeenCalledTimes(1);
});

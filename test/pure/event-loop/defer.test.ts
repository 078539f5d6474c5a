import { AsyncLocalStorage } from 'node:async_hooks';
import { defer } from '../../../lib/event-loop/defer';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  jest.useRealTimers();
});

test('in the next turn, in the order in which they came, once', async () => {
  const done: number[] = [];
  for (const each of [1, 2, 3]) defer(() => done.push(each));
  await Promise.resolve();
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual([1, 2, 3]);
  await nextTurn();
  expect(done).toEqual([1, 2, 3]);
});

test('what is added by one of them waits for the turn after', async () => {
  const done: string[] = [];
  defer(() => {
    done.push('first');
    defer(() => done.push('second'));
  });
  await nextTurn();
  expect(done).toEqual(['first']);
  await nextTurn();
  expect(done).toEqual(['first', 'second']);
});

test('in no context of the caller', async () => {
  const storage = new AsyncLocalStorage<string>();
  let store: string | undefined = 'not asked';
  storage.run('of the caller', () => {
    defer(() => {
      store = storage.getStore();
    });
  });
  await nextTurn();
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
    const fresh = jest.requireActual<typeof import('../../../lib/event-loop/defer')>('../../../lib/event-loop/defer');
    fresh.defer(done);
  });
  await new Promise((resolve) => turn(resolve));
  expect(done).toHaveBeenCalledTimes(1);
});

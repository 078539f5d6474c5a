import { EventEmitter } from 'node:events';
import type { Request, RunRequest } from '../../../../lib/programs/vitest/messages';
import { WorkerProcess } from '../../../../lib/programs/vitest/worker-process';

const MINUTE_MS = 60_000;

/** A child that says and does only what a test has it do. */
class SilentChild extends EventEmitter {
  readonly connected = true;
  readonly pid = 1;
  readonly signals: (string | undefined)[] = [];

  send(): void {}

  kill(signal?: string): void {
    this.signals.push(signal);
    this.emit('exit', null, signal);
  }
}

function start() {
  const child = new SilentChild();
  const process = new WorkerProcess(child as never, { logger: {} } as never, () => undefined);
  return { child, process };
}

const REQUEST = { __vitest_worker_request__: true } as Request & RunRequest;

describe('a worker that does not answer', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test.each(['start', 'tearDown'] as const)('is killed after a minute: %s', async (what) => {
    const { child, process } = start();
    const answer = process[what](REQUEST as never);
    jest.advanceTimersByTime(MINUTE_MS - 1);
    expect(child.signals).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(child.signals).toEqual(['SIGKILL']);
    expect(await answer).toEqual({ ended: { code: null, signal: 'SIGKILL' } });
  });

  test('runs its file as long as that takes, and is not killed once it has answered', async () => {
    const { child, process } = start();
    const torn = process.tearDown(REQUEST);
    child.emit('message', { __vitest_worker_response__: true, type: 'stopped' });
    await torn;
    void process.run(REQUEST);
    jest.advanceTimersByTime(10 * MINUTE_MS);
    expect(child.signals).toEqual([]);
  });
});

test('a test runs from when it begins until it ends, beside others, and those of the file before are forgotten', () => {
  const { child, process } = start();
  void process.run(REQUEST);
  const tell = (id: string, result?: object) =>
    child.emit('message', { memcage: 'test', id, name: `name of ${id}`, ...(result !== undefined && { result }) });
  tell('first');
  tell('second');
  tell('third');
  tell('second', { state: 'pass' });
  expect(process.tests).toEqual({
    running: new Map([
      ['first', 'name of first'],
      ['third', 'name of third'],
    ]),
    results: new Map([['second', { state: 'pass' }]]),
  });
  void process.run(REQUEST);
  expect(process.tests).toEqual({ running: new Map(), results: new Map() });
});

import { EventEmitter } from 'node:events';
import type { Request, RunRequest } from '../../../../lib/programs/vitest/messages';
import { WorkerProcess } from '../../../../lib/programs/vitest/worker-process';

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

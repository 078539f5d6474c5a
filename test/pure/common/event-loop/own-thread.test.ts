import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnThread, type OwnThreadOptions } from '../../../../lib/common/event-loop/own-thread';
import { until } from '../../../support/until';

/** It answers what it is asked, twice, and ends when it is asked for an error. */
const ECHO = `
  const { parentPort, workerData: { thread: { port, told }, refuses } } = require('node:worker_threads');
  const count = new Int32Array(told);
  function tell(id, report) {
    port.postMessage({ id, report });
    Atomics.add(count, 0, 1);
    Atomics.notify(count, 0);
  }
  tell(0, refuses);
  parentPort.on('message', ({ id, text }) => {
    if (text === 'error') throw new Error('as asked');
    for (let times = 0; times < 2; times += 1) tell(id, text);
  });`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-test-thread-'));
  writeFileSync(join(directory, 'echo.js'), ECHO);
});
afterAll(() => rmSync(directory, { recursive: true }));

function started(more: Partial<OwnThreadOptions> = {}): OwnThread<{ id: number; text: string }, string> {
  return new OwnThread({ file: join(directory, 'echo.js'), name: 'echo', data: {}, startMs: 20_000, ...more });
}

/** Listens. */
function heardOf(thread: ReturnType<typeof started>) {
  const heard: unknown[] = [];
  const id = thread.add({
    onReport: (report) => heard.push(report),
    onFailed: (cause) => void heard.push(cause),
  });
  return { id, heard };
}

test('is heard while the event loop is blocked, each listener for itself', () => {
  const thread = started();
  const [one, other] = [heardOf(thread), heardOf(thread)];
  thread.send({ id: one.id, text: 'one' });
  thread.send({ id: other.id, text: 'other' });
  expect(thread.deliverUntil(() => other.heard.length === 2, 20_000)).toBe(true);
  expect([one.heard, other.heard]).toEqual([
    ['one', 'one'],
    ['other', 'other'],
  ]);
  thread.send({ id: one.id, text: 'for nobody' });
  thread.delete(one.id);
  expect(thread.deliverUntil(() => one.heard.length > 2, 20)).toBe(false);
  thread.end();
});

test('says why it has not started, and ends', () => {
  expect(() => started({ data: { refuses: 'no room' } })).toThrow('no room');
  writeFileSync(join(directory, 'mute.js'), 'setInterval(() => {}, 1000)');
  expect(() => started({ file: join(directory, 'mute.js'), startMs: 1 })).toThrow(
    'the thread echo did not start within 1 ms',
  );
});

test('tells all who listen when it has failed, once, and what is over then', async () => {
  const onOver = jest.fn();
  const thread = started({ onOver });
  const { id, heard } = heardOf(thread);
  thread.send({ id, text: 'last' });
  thread.send({ id, text: 'error' });
  await until('its end', () => onOver.mock.calls.length > 0);
  expect(heard).toEqual(['last', 'last', new Error('as asked')]);
  expect(thread.isOver).toBe(true);
  thread.send({ id, text: 'too late' });
  thread.deliverNow();
  thread.end();
  expect(onOver).toHaveBeenCalledTimes(1);
});

test('ends once nobody listens, unless somebody does again', async () => {
  const thread = started({ idleMs: 20 });
  thread.delete(heardOf(thread).id);
  const [first, second] = [heardOf(thread), heardOf(thread)];
  const isOverLater = async (): Promise<boolean> => {
    await new Promise((resolve) => setTimeout(resolve, 40));
    return thread.isOver;
  };
  expect(await isOverLater()).toBe(false);
  thread.delete(first.id);
  expect(await isOverLater()).toBe(false);
  thread.delete(second.id);
  await until('its end', () => thread.isOver);
});

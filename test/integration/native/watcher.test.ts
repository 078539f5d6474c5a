import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { native, type WatchEvent } from 'memcage/native';
import { fixtureResult } from '../../support/fixture';
import { killAndFinish, type Running, SIGKILL, shell, startChild } from '../../support/native/native-child';
import { BUSY } from '../../support/processes/busy';
import { openFdCount } from '../../support/processes/fds';
import { childrenOf, threadCount } from '../../support/processes/processes';
import { testRows } from '../../support/rows';
import { thrown } from '../../support/thrown';
import { until } from '../../support/until';

const { EBADF, ECHILD } = constants.errno;
const { SIGTERM } = constants.signals;

type ExitEvent = Extract<WatchEvent, { kind: 'exit' }>;

let events: WatchEvent[] = [];

beforeEach(() => {
  events = [];
  native.startWatcher({
    onEvents: (batch) => {
      events.push(...batch);
    },
  });
});

function watch(fd: number, kind: 'child' | 'detached-child' | 'event' | 'priority'): number {
  return native.watch({ fd, kind });
}

const exitOf = (id: number): Promise<ExitEvent> =>
  until(`the end of child ${id}`, () =>
    events.find((event) => event.kind === 'exit' && event.id === id),
  ) as Promise<ExitEvent>;

async function endOf(child: Running): Promise<ExitEvent> {
  const event = await exitOf(watch(child.pidfd, 'child'));
  native.closeFd({ fd: child.pidfd });
  return event;
}

describe('the end of a child', () => {
  testRows('with an exit code', [0, 1, 127, 255], async (code) => {
    const end = await endOf(startChild(shell(`exit ${code}`)));
    expect(end).toMatchObject({ exitCode: code, signal: null, errno: 0 });
  });

  test.each([SIGTERM, SIGKILL])('by signal %d', async (signal) => {
    const child = startChild({ file: '/bin/sleep', args: ['sleep', '60'] });
    native.pidfdSendSignal({ pidfd: child.pidfd, signal });
    expect(await endOf(child)).toMatchObject({ exitCode: null, signal, errno: 0 });
    expect(childrenOf(process.pid)).not.toContain(child.pid);
  });

  test('by a signal of its own, with a core dump', async () => {
    const { SIGSEGV } = constants.signals;
    const end = await endOf(startChild(shell('ulimit -c 0; kill -SEGV $$')));
    expect(end).toMatchObject({ exitCode: null, signal: SIGSEGV });
  });

  test('says what the child used', async () => {
    const start = native.monotonicNs();
    // The last tick may count for more time than it took. The sleep leaves room for that.
    const { usage, timeNs } = await endOf(startChild(shell(`${BUSY}; sleep 0.1`)));
    expect(usage.userUs + usage.systemUs).toBeGreaterThan(10_000);
    expect(usage.userUs + usage.systemUs).toBeLessThan((native.monotonicNs() - start) / 1000);
    expect(usage.minorFaults).toBeGreaterThan(0);
    expect(usage.majorFaults).toBeGreaterThanOrEqual(0);
    expect(timeNs).toBeGreaterThan(start);
    expect(timeNs).toBeLessThan(native.monotonicNs());
  });

  test('is told when it was before the watching', async () => {
    const child = startChild(shell('exit 3'));
    await until('the zombie', () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') Z'));
    expect(await endOf(child)).toMatchObject({ exitCode: 3 });
  });

  test('is told of a detached child too', async () => {
    const child = startChild({ ...shell('exit 4'), detached: true });
    expect(await exitOf(watch(child.pidfd, 'detached-child'))).toMatchObject({ exitCode: 4 });
    native.closeFd({ fd: child.pidfd });
  });

  test('is an errno when another has reaped it', async () => {
    const child = startChild({});
    native.reap({ pidfd: child.pidfd });
    expect(await endOf(child)).toMatchObject({ exitCode: null, signal: null, errno: -ECHILD });
  });

  test('of many at once is told once for each, by one thread', async () => {
    expect(await fixtureResult('native/many-ends.js')).toEqual({
      codes: Array.from({ length: 200 }, (_, index) => index % 100),
      events: 200,
      left: '',
      more: { fds: 0, threads: 0 },
    });
  });
});

describe('an event fd', () => {
  let fd: number;

  beforeEach(() => {
    fd = native.eventfdOpen();
  });
  afterEach(() => {
    native.unwatch({ fd });
    native.closeFd({ fd });
  });

  const signal = (count = 1): void => {
    const text = Buffer.alloc(8);
    text.writeBigUInt64LE(BigInt(count));
    writeSync(fd, text);
  };
  const readyCount = (id: number): number => events.filter((event) => event.kind === 'ready' && event.id === id).length;

  test('is told of each time, without being read', async () => {
    const id = watch(fd, 'event');
    signal(2);
    await until('the first event', () => readyCount(id) === 1);
    signal(3);
    await until('the second event', () => readyCount(id) === 2);
    expect(native.eventfdRead({ fd })).toBe(5);
    expect(native.eventfdRead({ fd })).toBe(0);
  });

  test('is told of what was before the watching', async () => {
    signal();
    const id = watch(fd, 'event');
    await until('the event', () => readyCount(id) === 1);
  });

  test('is not told of after unwatch', async () => {
    const id = watch(fd, 'event');
    native.unwatch({ fd });
    signal();
    // A later event has arrived, so the other one would have too.
    await endOf(startChild({}));
    expect(readyCount(id)).toBe(0);
  });

  test('can be watched again under another id', async () => {
    const first = watch(fd, 'event');
    native.unwatch({ fd });
    const second = watch(fd, 'event');
    signal();
    await until('the event', () => readyCount(second) === 1);
    expect(readyCount(first)).toBe(0);
  });
});

describe('a refused watch', () => {
  test('names the call', () => {
    expect(thrown(() => watch(999, 'child'))).toMatchObject({ code: 'EBADF', errno: -EBADF, syscall: 'epoll_ctl' });
    // A directory of procfs, on which there is nothing to wait for. (A file of the checkout may be on a FUSE, on which
    // there is.)
    const directory = openSync('/proc/self', 'r');
    expect(thrown(() => watch(directory, 'event'))).toMatchObject({ code: 'EPERM', syscall: 'epoll_ctl' });
    closeSync(directory);
  });
});

describe('unwatch', () => {
  test('leaves a child to be reaped by hand', async () => {
    const child = startChild({ file: '/bin/sleep', args: ['sleep', '60'] });
    const id = watch(child.pidfd, 'child');
    native.unwatch({ fd: child.pidfd });
    killAndFinish(child);
    await endOf(startChild({}));
    expect(events.filter((event) => event.id === id)).toEqual([]);
  });

  test('of an fd that is not watched does nothing', () => {
    native.unwatch({ fd: 0 });
    native.unwatch({ fd: 999 });
  });
});

describe('startWatcher', () => {
  test('replaces the callback; nothing is told twice or lost', async () => {
    const child = startChild({ file: '/bin/sleep', args: ['sleep', '60'] });
    const id = watch(child.pidfd, 'child');
    const later: WatchEvent[] = [];
    native.pidfdSendSignal({ pidfd: child.pidfd, signal: SIGKILL });
    // By then the event is on its way to the previous callback.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    native.startWatcher({
      onEvents: (batch) => {
        later.push(...batch);
      },
    });
    await until('the event', () => later.some((event) => event.id === id) || events.some((event) => event.id === id));
    native.closeFd({ fd: child.pidfd });
    expect([...events, ...later].filter((event) => event.id === id)).toHaveLength(1);
  });

  test('takes no thread or fd more', () => {
    const before = [threadCount(), openFdCount()];
    for (let i = 0; i < 50; i += 1) native.startWatcher({ onEvents: () => {} });
    expect([threadCount(), openFdCount()]).toEqual(before);
  });
});

describe('the event loop', () => {
  test.each([
    ['is not kept alive by default', [], 'ended early'],
    ['is kept alive by setWatcherRef', [true], 'saw the event'],
    ['is let go by it again', [true, false], 'ended early'],
  ])('%s', async (_, refs, expected) => {
    expect(await fixtureResult('native/watcher-ref.js', refs)).toBe(expected);
  });
});

describe('an exception in onEvents', () => {
  test('is an uncaught one, and later events still come', async () => {
    expect(await fixtureResult('native/throwing-callback.js')).toEqual({
      uncaught: ['thrown for 1', 'thrown for 2'],
      seen: [1, 2, 3],
    });
  });

  test('ends a program that does not expect it', async () => {
    const end = await fixtureResult('native/throwing-callback.js', 'unhandled').catch((error: Error) => error.message);
    expect(end).toMatch(/ended with 1[\s\S]*thrown for 1/);
  });
});

import { once } from 'node:events';
import { constants } from 'node:os';
import { untilNextIteration } from '../../../../lib/common/event-loop/timers';
import { PipeStream } from '../../../../lib/process/own/pipe-stream';

const { ECONNRESET, ENOSPC, EPIPE } = constants.errno;

type Answer = number | null | Error;

function refusal(errno: number): Error {
  return Object.assign(new Error('refused'), { errno: -errno });
}

function answer(answers: Answer[]): number | null {
  const next = answers.shift() ?? null;
  if (next instanceof Error) throw next;
  return next;
}

/** A stream for which the test plays the kernel: what its reads and writes return, one after the other. */
function setUp(directions: { readable: boolean; writable: boolean }, { arm }: { arm?: Error } = {}) {
  const reads: Answer[] = [];
  const writes: Answer[] = [];
  const calls: string[] = [];
  let holders = 0;
  let ready: () => void = () => {};
  const native = {
    socketPair: (): [number, number] => [5, 6],
    closeFd: () => void calls.push('close'),
    giveFdAway: () => {},
    socketRead: () => answer(reads),
    socketWrite: ({ data }: { data: Uint8Array }) => {
      calls.push(`write ${data.length}`);
      return answer(writes);
    },
    socketEnd: () => void calls.push('end'),
  };
  const watcher = {
    refs: {
      acquire: () => {
        holders += 1;
      },
      release: () => {
        holders -= 1;
      },
    },
    stream: (_fd: number, onReady: () => void) => {
      ready = onReady;
      return {
        arm: ({ reads: forReads, writes: forWrites }: { reads: boolean; writes: boolean }) => {
          if (arm !== undefined) throw arm;
          calls.push(`wait${forReads ? ' to read' : ''}${forWrites ? ' to write' : ''}`);
        },
        stop: () => void calls.push('stop'),
      };
    },
  };
  const stream = new PipeStream(5, directions, { native, watcher });
  return { stream, reads, writes, calls, holders: () => holders, ready: () => ready() };
}

const OUT = { readable: true, writable: false };
const IN = { readable: false, writable: true };

test('waits at once, and no more when it is full', () => {
  const { stream, reads, calls, holders, ready } = setUp(OUT);
  expect([calls.splice(0), holders()]).toEqual([['wait to read'], 1]);
  reads.push(1000, null);
  ready();
  expect([calls.splice(0), holders(), stream.readableLength]).toEqual([['wait to read'], 1, 1000]);
  reads.push(65_536, 65_536);
  ready();
  expect([calls.splice(0), holders(), stream.readableLength]).toEqual([[], 0, 66_536]);
  expect(reads).toHaveLength(1);
});

test('lets others have their turn while more comes', async () => {
  const { stream, reads, ready } = setUp(OUT);
  stream.on('data', () => {});
  await untilNextIteration();
  reads.push(...Array<number>(10).fill(65_536));
  ready();
  expect(reads).toHaveLength(6);
});

test('ends, and gives all back', async () => {
  const { stream, reads, calls, holders, ready } = setUp(OUT);
  stream.resume();
  reads.push(0);
  ready();
  await once(stream, 'close');
  expect([calls, holders()]).toEqual([['wait to read', 'stop', 'close'], 0]);
});

test('a failed read is an error like Node’s', async () => {
  const { stream, reads, ready } = setUp(OUT);
  reads.push(refusal(ECONNRESET));
  ready();
  const [error] = (await once(stream, 'error')) as unknown[];
  expect(error).toMatchObject({ message: 'read ECONNRESET', code: 'ECONNRESET', errno: -ECONNRESET, syscall: 'read' });
});

test('waits for room to write, and then writes the rest', async () => {
  const { stream, writes, calls, holders, ready } = setUp(IN);
  expect([calls, holders()]).toEqual([[], 0]);
  writes.push(400, null);
  const closed = once(stream, 'close');
  const written = new Promise((resolve) => {
    stream.end(Buffer.alloc(1000), () => resolve('written'));
  });
  expect([calls.splice(0), holders()]).toEqual([['write 1000', 'write 600', 'wait to write'], 1]);
  writes.push(600);
  ready();
  expect(await written).toBe('written');
  await closed;
  expect([calls, holders()]).toEqual([['write 600', 'end', 'stop', 'close'], 0]);
});

test('a failed write is an error like Node’s', async () => {
  const { stream, writes } = setUp(IN);
  writes.push(refusal(EPIPE));
  const failed = once(stream, 'error');
  const written = new Promise((resolve) => {
    stream.write('x', resolve);
  });
  const expected = { message: 'write EPIPE', code: 'EPIPE', errno: -EPIPE, syscall: 'write' };
  expect(await failed).toMatchObject([expected]);
  expect(await written).toMatchObject(expected);
});

test.each([
  ['read', OUT],
  ['write', IN],
])('can’t wait to %s: an error, and nothing is left', async (_what, directions) => {
  const { stream, calls, holders } = setUp(directions, { arm: refusal(ENOSPC) });
  const failed = once(stream, 'error');
  if (directions === IN) stream.write('x');
  expect(await failed).toMatchObject([{ errno: -ENOSPC }]);
  expect([calls.filter((each) => !each.startsWith('write')), holders()]).toEqual([['stop', 'close'], 0]);
});

test('destroyed, it calls off a write', async () => {
  const { stream, writes } = setUp(IN);
  writes.push(null);
  const written = new Promise((resolve) => {
    stream.write('x', resolve);
  });
  stream.on('error', () => {}).destroy();
  expect(await written).toMatchObject({ code: 'ECANCELED', syscall: 'write' });
});

test('unref’d, it keeps nobody alive', () => {
  const { stream, holders } = setUp(OUT);
  expect([stream.unref() && holders(), stream.ref() && holders()]).toEqual([0, 1]);
});

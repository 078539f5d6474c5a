import type { HeapThread } from '../../../../../lib/cage/evidence/heap/heap-thread';
import type { Loan } from '../../../../../lib/cage/evidence/heap/loan';
import type { HeapAnswer } from '../../../../../lib/cage/evidence/heap/messages';
import { type TakenHeaps, takeHeaps } from '../../../../../lib/cage/evidence/heap/take-heaps';
import type { ProcessShare } from '../../../../../lib/cage/evidence/messages';

const MIB = 2 ** 20;

/** What is done to processes that hold so much each, by pid; each has a heap of 30 MiB. */
async function taken(heldMib: Record<number, number>, extraMib: number) {
  const done: string[] = [];
  const processes = Object.entries(heldMib).map(([pid, mib]) => ({
    pid: Number(pid),
    name: 'node',
    heldBytes: mib * MIB,
  }));
  const memory = { heapUsed: 30 * MIB, external: 0, arrayBuffers: 0, title: 'main thread', spaces: [], stack: [] };
  const thread: Pick<HeapThread, 'ask'> = {
    ask(request) {
      done.push(`${request.kind} ${'pid' in request ? request.pid : ''}`);
      return Promise.resolve((request.kind === 'ask' ? { threads: [memory] } : { bytes: 1 }) as HeapAnswer);
    },
  };
  const loan: Pick<Loan, 'lend' | 'kills'> = {
    kills: () => 0,
    lend(pid) {
      done.push(`lend ${pid}`);
      return () => done.push(`back ${pid}`);
    },
  };
  const heaps: TakenHeaps = await takeHeaps(processes as ProcessShare[], {
    ...{ thread: thread as HeapThread, loan: loan as Loan, path: '/reports', extraBytes: extraMib * MIB },
  });
  return { ...heaps, done };
}

test('each process that holds a quarter is lent memory, one after the other, the largest first', async () => {
  const { node, unread, done } = await taken({ 7: 30, 8: 50, 9: 20 }, 1000);
  expect(done).toEqual([8, 7].flatMap((pid) => ['lend', 'ask', 'take', 'back'].map((what) => `${what} ${pid}`)));
  expect(node.map(({ snapshot }) => snapshot)).toEqual(['heap-8.heapsnapshot', 'heap-7.heapsnapshot']);
  expect(unread).toEqual([]);
});

test('a snapshot is left out where extra is too small for sure', async () => {
  const { node, unread, done } = await taken({ 7: 30 }, 100);
  expect(done).toEqual(['lend 7', 'ask 7', 'back 7']);
  expect(node).toMatchObject([{ pid: 7, heapUsedBytes: 30 * MIB, snapshot: null, types: [] }]);
  expect(unread).toEqual([expect.stringContaining('evidence.extra is 100 MiB')]);
});

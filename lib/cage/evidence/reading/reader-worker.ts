import { parentPort, workerData } from 'node:worker_threads';
import { started, tell } from '../../../common/event-loop/in-own-thread';
import type { Piece, ReaderData, ReadRequest } from '../messages';
import { readShare, readStatus } from './processes';
import { looseSegments } from './sysv-segments';
import { TmpfsFiles } from './tmpfs-files';

const MOST_PROCESSES = 2000;
const MOST_IN_DETAIL = 100;
/** Less of it is not worth a walk. */
const LEAST_SHARED = 1024 ** 2;

const wanted = new Int32Array((workerData as ReaderData).wanted);
const post = tell<Piece>;

function read({ id, pids, sharedBytes }: ReadRequest): void {
  const goesOn = (): boolean => Atomics.load(wanted, 0) === id;
  const unread = (what: string): void => post(id, { kind: 'unread', what });
  if (pids.length > MOST_PROCESSES) unread(`${pids.length - MOST_PROCESSES} of ${pids.length} processes`);
  const known = pids.slice(0, MOST_PROCESSES).flatMap((pid) => (goesOn() ? (readStatus(pid) ?? []) : []));
  const sorted = known.sort((one, other) => other.heldBytes - one.heldBytes);
  for (const process of sorted) post(id, { kind: 'process', process });
  for (const process of sorted.slice(0, MOST_IN_DETAIL)) {
    if (!goesOn()) return;
    const { share, unread: what } = readShare(process, goesOn);
    post(id, { kind: 'process', process: share });
    if (what !== undefined) unread(what);
  }
  if (sorted.length > MOST_IN_DETAIL) unread(`mappings of the ${sorted.length - MOST_IN_DETAIL} smallest processes`);
  if (sharedBytes < LEAST_SHARED || !goesOn()) return;
  const files = new TmpfsFiles(goesOn);
  for (const what of files.read(sorted.map(({ pid }) => pid))) unread(what);
  for (const file of [...files.largest, ...looseSegments(sorted[0]?.pid)]) post(id, { kind: 'file', file });
}

parentPort?.on('message', (request: ReadRequest) => {
  try {
    read(request);
  } catch (error) {
    post(request.id, { kind: 'unread', what: (error as Error).message });
  }
  post(request.id, { kind: 'done' });
});

started();

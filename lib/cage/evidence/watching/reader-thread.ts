import { OwnThread } from '../../../common/event-loop/own-thread';
import type { HeldFile, Piece, ProcessShare, ReaderData, ReadRequest } from '../messages';

const START_MS = 10_000;

/** What was read of a stopped cage. */
export interface Reading {
  processes: ProcessShare[];
  files: HeldFile[];
  /** What could not be read, or not in time. */
  unread: string[];
}

/**
 * The thread that reads what processes hold. A read of /proc can wait for a process or for a file system of its making, which is
 * stopped then: so the thread that thaws the cage does not read, and does not wait for long.
 */
export class ReaderThread {
  readonly #file: string;
  /** Of this thread: one before it may go on one day. */
  #wanted = new Int32Array(new SharedArrayBuffer(4));
  #thread: OwnThread<ReadRequest, Piece>;
  #isBusy = false;

  constructor(file: string) {
    this.#file = file;
    this.#thread = this.#started();
  }

  /** Before anything is stopped: has another thread ready if this one is still held up. */
  prepare(): void {
    this.#thread.deliverNow();
    if (!this.#isBusy && !this.#thread.isOver) return;
    this.#thread.end();
    this.#thread = this.#started();
    this.#isBusy = false;
  }

  /** Blocks until all is read, or until then (performance.now()). */
  read(request: Omit<ReadRequest, 'id'>, endMs: number): Reading {
    const reading: Reading = { processes: [], files: [], unread: [] };
    const thread = this.#thread;
    let isWanted = true;
    const id = thread.add({
      onReport: (piece) => {
        if (piece.kind === 'done') {
          this.#isBusy = false;
          thread.delete(id);
        } else if (isWanted) put(piece, reading);
      },
      onFailed: () => undefined,
    });
    this.#isBusy = true;
    Atomics.store(this.#wanted, 0, id);
    thread.send({ ...request, id });
    const isDone = thread.deliverUntil(() => !this.#isBusy, endMs - performance.now());
    Atomics.store(this.#wanted, 0, 0);
    isWanted = false;
    if (!isDone) reading.unread.push('the rest, for want of time');
    return reading;
  }

  #started(): OwnThread<ReadRequest, Piece> {
    this.#wanted = new Int32Array(new SharedArrayBuffer(4));
    const data: ReaderData = { wanted: this.#wanted.buffer as SharedArrayBuffer };
    return new OwnThread({ file: this.#file, name: 'memcage-reader', data, startMs: START_MS });
  }
}

function put(piece: Exclude<Piece, { kind: 'done' }>, reading: Reading): void {
  if (piece.kind === 'process') {
    // One that is read in more detail comes once more.
    reading.processes = reading.processes.filter(({ pid }) => pid !== piece.process.pid);
    reading.processes.push(piece.process);
  } else if (piece.kind === 'file') reading.files.push(piece.file);
  else reading.unread.push(piece.what);
}

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import {
  type HeldFile,
  OWN_THREAD,
  type Piece,
  type ProcessShare,
  READER,
  type ReaderData,
  type ReadRequest,
} from '../messages';

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
  #signal = new Int32Array(new SharedArrayBuffer(4 * READER.PLACES));
  #worker: Worker | undefined;
  #pieces: MessagePort | undefined;
  #lastId = 0;

  constructor(file: string) {
    this.#file = file;
    this.#start();
  }

  /** Before anything is stopped: has another thread ready if this one is still held up. */
  prepare(): void {
    if (Atomics.load(this.#signal, READER.BUSY) === 0 && this.#worker !== undefined) return;
    this.end();
    this.#start();
  }

  /** Blocks until all is read, or until then (performance.now()). */
  read(request: Omit<ReadRequest, 'id'>, endMs: number): Reading {
    this.#lastId += 1;
    const id = this.#lastId;
    Atomics.store(this.#signal, READER.BUSY, 1);
    Atomics.store(this.#signal, READER.WANTED, id);
    this.#worker?.postMessage({ ...request, id } satisfies ReadRequest);
    const reading: Reading = { processes: [], files: [], unread: [] };
    const isDone = this.#receive(endMs, (piece) => {
      if (piece.kind === 'ready' || piece.id !== id) return false;
      if (piece.kind === 'process') {
        // One that is read in more detail comes once more.
        reading.processes = reading.processes.filter(({ pid }) => pid !== piece.process.pid);
        reading.processes.push(piece.process);
      } else if (piece.kind === 'file') reading.files.push(piece.file);
      else if (piece.kind === 'unread') reading.unread.push(piece.what);
      return piece.kind === 'done';
    });
    Atomics.store(this.#signal, READER.WANTED, 0);
    if (!isDone) reading.unread.push('the rest, for want of time');
    return reading;
  }

  end(): void {
    this.#pieces?.close();
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): void {
    this.#signal = new Int32Array(new SharedArrayBuffer(4 * READER.PLACES));
    const { port1, port2 } = new MessageChannel();
    this.#pieces = port1;
    const workerData: ReaderData = { pieces: port2, signal: this.#signal.buffer as SharedArrayBuffer };
    const worker = new Worker(this.#file, {
      ...OWN_THREAD,
      name: 'memcage-reader',
      workerData,
      transferList: [port2],
    });
    this.#worker = worker;
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    worker.once('error', gone);
    worker.once('exit', gone);
    worker.unref();
    port1.unref();
    const isReady = this.#receive(performance.now() + START_MS, (piece) => piece.kind === 'ready');
    if (!isReady) throw new Error(`its second thread did not start within ${START_MS} ms`);
  }

  /** True once `take` has returned true. */
  #receive(endMs: number, take: (piece: Piece) => boolean): boolean {
    const { signal, port } = { signal: this.#signal, port: this.#pieces };
    if (port === undefined) return false;
    for (;;) {
      const seen = Atomics.load(signal, READER.PIECES);
      for (;;) {
        const received = receiveMessageOnPort(port) as { message: Piece } | undefined;
        if (received === undefined) break;
        if (take(received.message)) return true;
      }
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) return false;
      Atomics.wait(signal, READER.PIECES, seen, leftMs);
    }
  }
}

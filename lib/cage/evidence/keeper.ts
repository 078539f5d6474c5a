import { randomUUID } from 'node:crypto';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { companion } from '../../common/addon/companion';
import { addonPath } from '../../common/addon/load-native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import { CURE, words } from '../../common/errors/words';
import { cancel, later, outsideOfCalls } from '../../common/event-loop/timers';
import {
  type HeapAddress,
  type KeeperData,
  type KeeperReport,
  type KeeperRequest,
  OWN_THREAD,
  type WatchedCageOptions,
} from './messages';

/** Its two threads are there after some 60 ms; a busy machine takes longer. */
const START_MS = 20_000;
/** Of an abstract socket, unix(7). */
const MOST_NAME = 107;
/** It waits so long for another cage. */
const IDLE_MS = 5000;

/** Who gets the reports on one cage. */
export interface CageListener {
  onTaken(evidence: Extract<KeeperReport, { kind: 'taken' }>['evidence']): void;
  /** The keeper is no more. Once. */
  onFailed(): void;
}

/**
 * Watches cages for evidence, in a thread of its own: it stops a cage near its limit while the event loop is blocked, and the kernel
 * leaves it a millisecond.
 */
export class Keeper {
  readonly #worker: Worker;
  readonly #reports: MessagePort;
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #listeners = new Map<number, CageListener>();
  readonly #refusals = new Map<number, string | undefined>();
  /** Where Node children answer. */
  readonly heapAddress: HeapAddress = {
    // As long as a name can be: Node before 22 fills a shorter one up, and others don't.
    name: `memcage-${randomUUID()}`.padEnd(MOST_NAME, '-'),
    secret: randomUUID(),
  };
  #isReady = false;
  #startFailure: string | undefined;
  #lastId = 0;
  #idle: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#reports = port1;
    const workerData: KeeperData = {
      reports: port2,
      answers: this.#answered.buffer as SharedArrayBuffer,
      addon: addonPath(),
      reader: companion('evidence-reader.js'),
      heaps: { ...this.heapAddress, file: companion('evidence-heap.js') },
    };
    this.#worker = new Worker(companion('evidence-keeper.js'), {
      ...OWN_THREAD,
      name: 'memcage-keeper',
      workerData,
      transferList: [port2],
    });
    this.#worker.once('error', () => this.#fail());
    this.#worker.once('exit', () => this.#fail());
    port1.on('message', (report: KeeperReport) => this.#deliver(report));
    this.#worker.unref();
    port1.unref();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Blocks until the cage is watched.
   *
   * @throws why it can't be
   */
  open(options: Omit<WatchedCageOptions, 'id'>, listener: CageListener): number {
    cancel(this.#idle);
    this.#lastId += 1;
    const id = this.#lastId;
    this.#send({ kind: 'open', cage: { ...options, id } });
    const endMs = performance.now() + START_MS;
    while (!this.#refusals.has(id)) {
      const seen = Atomics.load(this.#answered, 0);
      this.deliverNow();
      if (this.#refusals.has(id)) break;
      if (this.#startFailure !== undefined) throw refused(this.#startFailure);
      if (Atomics.wait(this.#answered, 0, seen, Math.max(1, endMs - performance.now())) === 'timed-out') {
        throw refused(`the thread that watches did not ${this.#isReady ? 'answer' : 'start'} within ${START_MS} ms`);
      }
    }
    const why = this.#refusals.get(id);
    this.#refusals.delete(id);
    if (why !== undefined) {
      this.#endWhenIdle();
      throw refused(why);
    }
    this.#listeners.set(id, listener);
    return id;
  }

  look(id: number): void {
    this.#send({ kind: 'look', id });
  }

  close(id: number): void {
    this.deliverNow();
    if (!this.#listeners.delete(id) || this.#isOver) return;
    this.#send({ kind: 'close', id });
    this.#endWhenIdle();
  }

  /** Delivers what has arrived, while the event loop is blocked. */
  deliverNow(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#reports) as { message: KeeperReport } | undefined;
      if (received === undefined) return;
      this.#deliver(received.message);
    }
  }

  #send(request: KeeperRequest): void {
    this.#worker.postMessage(request);
  }

  #deliver(report: KeeperReport): void {
    if (report.kind === 'ready') {
      this.#isReady = true;
      this.#startFailure = report.failed;
    } else if (report.kind === 'opened') this.#refusals.set(report.id, report.refused);
    else this.#listeners.get(report.id)?.onTaken(report.evidence);
  }

  #endWhenIdle(): void {
    if (this.#listeners.size > 0) return;
    this.#idle = later(() => this.#end(), IDLE_MS);
    this.#idle.unref();
  }

  #end(): void {
    this.#isOver = true;
    this.#send({ kind: 'end' });
    this.#reports.close();
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.deliverNow();
    this.#reports.close();
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.onFailed();
  }
}

let keeper: Keeper | undefined;

/** The keeper of this thread; starts it if there is none. */
export function keeperOfThread(): Keeper {
  if (keeper !== undefined && !keeper.isOver) return keeper;
  try {
    keeper = outsideOfCalls(() => new Keeper());
    return keeper;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error;
    throw new MemcageError(
      ErrorCode.UNSUPPORTED,
      words`evidence needs a worker thread, and the permission model forbids it${CURE}add --allow-worker to --permission`,
      { cause: error },
    );
  }
}

function refused(why: string): MemcageError {
  return new MemcageError(
    ErrorCode.UNSUPPORTED,
    words`evidence can't be had of this cage: ${why}${CURE}leave out evidence`,
  );
}

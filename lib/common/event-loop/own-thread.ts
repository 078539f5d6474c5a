import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { cancel, later } from './timers';

export interface OwnThreadOptions {
  file: string;
  name: string;
  /** What it has in `workerData`. */
  data: object;
  /** Default: none. */
  env?: NodeJS.ProcessEnv;
  /** Default: 64. */
  heapMb?: number;
  /** So long its maker blocks until it calls `started`. Default: it does not wait. */
  startMs?: number;
  /** It ends when nobody has listened for so long. Default: it stays. */
  idleMs?: number;
  /** It has ended, and who listened has done what can be done without. */
  onOver?(): void;
}

/** Who gets the reports with one id. */
export interface ThreadListener<Report> {
  onReport(report: Report): void;
  /** The thread is no more. Once. Resolves when all is done that can be done without. */
  onFailed(cause: unknown): Promise<void> | void;
}

/** What in-own-thread.ts finds in `workerData`. */
export interface OwnThreadData {
  /** The thread's own port can't be read here while the loop is blocked. */
  port: MessagePort;
  /** Counts the reports. */
  told: SharedArrayBuffer;
}

/** Of the report that it has started; a text says why it has not. */
export const STARTED = 0;

/**
 * A worker thread that works, and can be heard, while the event loop is blocked. It keeps no process alive. What runs in it reports
 * by in-own-thread.ts.
 */
export class OwnThread<Request, Report> {
  readonly #options: OwnThreadOptions;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #told = new Int32Array(new SharedArrayBuffer(4));
  readonly #listeners = new Map<number, ThreadListener<Report>>();
  #lastId = STARTED;
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @throws why it has not started */
  constructor(options: OwnThreadOptions) {
    const { file, name, data, env = {}, heapMb = 64, startMs } = options;
    const { port1, port2 } = new MessageChannel();
    const thread: OwnThreadData = { port: port2, told: this.#told.buffer as SharedArrayBuffer };
    this.#options = options;
    this.#port = port1;
    this.#worker = new Worker(file, {
      name,
      workerData: { ...data, thread },
      transferList: [port2],
      // Loaders and checks of the program are not for it.
      execArgv: [],
      env,
      // What it could print is no business of the program; its errors arrive as an event.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.once('error', (cause) => this.#fail(cause));
    this.#worker.once('exit', (code) => this.#fail(new Error(`its thread has ended with code ${code}`)));
    port1.on('message', (message: Told<Report>) => this.#take(message));
    this.#worker.unref();
    port1.unref();
    if (startMs !== undefined) this.#awaitStart(startMs);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @returns the id of its reports */
  add(listener: ThreadListener<Report>): number {
    cancel(this.#idle);
    this.#lastId += 1;
    this.#listeners.set(this.#lastId, listener);
    return this.#lastId;
  }

  delete(id: number): void {
    const { idleMs } = this.#options;
    if (!this.#listeners.delete(id) || this.#listeners.size > 0 || this.#isOver || idleMs === undefined) return;
    this.#idle = later(() => this.end(), idleMs);
    this.#idle.unref();
  }

  send(request: Request): void {
    if (!this.#isOver) this.#worker.postMessage(request);
  }

  /** Delivers the reports that have arrived, while the event loop is blocked. */
  deliverNow(): void {
    if (!this.#isOver) this.#deliver();
  }

  /** Delivers reports, and blocks until what they tell. False after timeoutMs. */
  deliverUntil(isTold: () => boolean, timeoutMs: number): boolean {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const seen = Atomics.load(this.#told, 0);
      this.deliverNow();
      if (isTold()) return true;
      const leftMs = endMs - performance.now();
      if (!(leftMs > 0)) return false;
      Atomics.wait(this.#told, 0, seen, leftMs);
    }
  }

  /** Keeps the event loop alive until a report has come. */
  holdLoop(): () => void {
    this.#waiting += 1;
    this.#port.ref();
    return () => {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#port.unref();
    };
  }

  /** Whatever it does: nobody hears of it any more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#port.close();
    void this.#worker.terminate();
    this.#options.onOver?.();
  }

  #awaitStart(startMs: number): void {
    const { name } = this.#options;
    let why: unknown = `the thread ${name} did not start within ${startMs} ms`;
    this.#listeners.set(STARTED, {
      onReport: (told) => {
        why = told;
        this.#listeners.delete(STARTED);
      },
      onFailed: () => undefined,
    });
    this.deliverUntil(() => !this.#listeners.has(STARTED), startMs);
    if (why === undefined) return;
    this.end();
    throw new Error(String(why));
  }

  #deliver(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: Told<Report> } | undefined;
      if (received === undefined) return;
      this.#take(received.message);
    }
  }

  #take({ id, report }: Told<Report>): void {
    this.#listeners.get(id)?.onReport(report);
  }

  #fail(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deliver();
    this.#port.close();
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    void Promise.all(listeners.map(async (listener) => listener.onFailed(cause))).then(() => this.#options.onOver?.());
  }
}

interface Told<Report> {
  id: number;
  report: Report;
}

import { cancel, later } from '../../common/event-loop/timers';
import { isRecord } from '../../common/options/option-names';
import type { CagedChild, Cgroup } from '../../index';
import type { JestPackages } from './jest-packages';

/** As jest-worker numbers them, in `types.ts`. */
const Request = { INITIALIZE: 0, CALL: 1, END: 2, MEMORY_USAGE: 3, SET_UP: 4 } as const;
const Response = { OK: 0, CLIENT_ERROR: 1, SETUP_ERROR: 2, CUSTOM: 3, MEMORY_USAGE: 4 } as const;

/** What a call says before its end. */
export type OnEvent = (event: string, argument: unknown) => void;

/** The process ended instead of answering. */
export class WorkerEnded extends Error {
  constructor(
    private readonly code: number | null,
    signal: NodeJS.Signals | null,
    pid: number | undefined,
  ) {
    const how =
      signal === null
        ? `crashed for an unknown reason: exitCode=${code}`
        : `was terminated by another process: signal=${signal}, exitCode=${code}. Operating system logs may contain more information on why this occurred.`;
    super(`A jest worker process (pid=${pid}) ${how}`);
  }

  /** Those after which Jest tries again. */
  get isCrash(): boolean {
    return this.code !== null && ![0, 128 + 9, 128 + 15].includes(this.code);
  }
}

/** The parent's side of what a process of jest-worker speaks. One call at a time. */
export class Conversation {
  readonly #ended: Promise<Error>;

  constructor(
    private readonly child: CagedChild<Cgroup | null>,
    private readonly unpack: JestPackages['unpack'],
  ) {
    const disconnected = new Promise<void>((resolve) => child.once('disconnect', resolve));
    this.#ended = child.outcome.then(async ({ error, exitCode, signal }) => {
      if (error !== null) return error;
      // What it has sent comes before that, if not before its end.
      if (child.connected) await disconnected;
      return new WorkerEnded(exitCode, signal, child.pid);
    });
    // A write to one that has just been killed.
    child.on('error', () => {});
  }

  /** Has it load what all files need. Rejects with {@link WorkerEnded}, or as that fails. */
  async begin(work: string, setupArgument: object): Promise<void> {
    this.#send([Request.INITIALIZE, false, work, [setupArgument]]);
    await this.#ask([Request.SET_UP], () => {});
  }

  /** What a file comes to. Rejects with {@link WorkerEnded} if there will be no answer. */
  call(payload: object, onEvent: OnEvent): Promise<unknown> {
    return this.#ask([Request.CALL, false, 'worker', [payload]], onEvent);
  }

  /** How much of its JavaScript heap is used, in bytes; none if it has ended. */
  async heapUsed(): Promise<number> {
    const bytes = await this.#ask([Request.MEMORY_USAGE], () => {}).catch(() => 0);
    return Number(bytes);
  }

  /** Lets it end by itself. False: it still runs after so many milliseconds. */
  async end(graceMs: number): Promise<boolean> {
    this.#send([Request.END, false]);
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<false>((resolve) => {
      timer = later(() => resolve(false), graceMs);
    });
    const hasEnded = await Promise.race([this.#ended.then(() => true), over]);
    cancel(timer);
    return hasEnded;
  }

  async #ask(request: readonly unknown[], onEvent: OnEvent): Promise<unknown> {
    const { child } = this;
    const stop = new AbortController();
    const answer = new Promise((resolve, reject) => {
      const onMessage = (message: unknown): void => {
        if (!Array.isArray(message)) return;
        const [kind, value] = message as [number, unknown];
        if (kind === Response.CUSTOM) onEvent(...(this.#open(value) as Parameters<OnEvent>));
        else if (kind === Response.OK || kind === Response.MEMORY_USAGE) resolve(this.#open(value));
        else if (kind === Response.CLIENT_ERROR || kind === Response.SETUP_ERROR) reject(errorOf(message));
      };
      child.on('message', onMessage);
      stop.signal.addEventListener('abort', () => child.off('message', onMessage));
      void this.#ended.then(reject, reject);
    });
    this.#send(request);
    try {
      return await answer;
    } finally {
      stop.abort();
    }
  }

  #send(message: readonly unknown[]): void {
    if (this.child.connected) this.child.send([...message], () => {});
  }

  #open(value: unknown): unknown {
    const isPacked = isRecord(value) && '__STRUCTURED_CLONE_SERIALIZED__' in value;
    return isPacked ? this.unpack(value['data']) : value;
  }
}

/** As jest-worker makes it of what its child tells. */
function errorOf(told: readonly unknown[]): unknown {
  const [kind, type, message, stack, extra] = told as [number, string, string, string, unknown];
  if (kind === Response.SETUP_ERROR) {
    return Object.assign(new Error(`Error when calling setup: ${message}`), { type, stack });
  }
  if (typeof extra !== 'object' || extra === null) return extra;
  const known = (globalThis as Record<string, unknown>)[type];
  const Constructor = (typeof known === 'function' ? known : Error) as ErrorConstructor;
  return Object.assign(new Constructor(message), { type, stack }, extra);
}

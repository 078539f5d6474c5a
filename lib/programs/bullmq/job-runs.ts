import type { Job } from 'bullmq';
import {
  AbortError,
  ErrorCode,
  formatSize,
  MemcageError,
  MemoryLimitError,
  TimeoutError,
  type WarmPool,
} from '../../index.js';
import { attempt, type CagedChild, NOTHING } from './attempt.js';
import { Children } from './children.js';
import type { Plan } from './options.js';
import type { Protocol } from './protocol.js';
import type { Seats } from './seats.js';
import { type Stop, Stops } from './stops.js';

/** What BullMQ gives a processor. */
export interface Call {
  job: Job;
  token: string | undefined;
  signal: AbortSignal | undefined;
}

export interface Parts {
  plan: Plan;
  protocol: Protocol;
  pool: WarmPool<CagedChild>;
  seats: Seats;
}

/** Does jobs, each in a child of its own. */
export class JobRuns {
  readonly #children: Children;
  readonly #running = new Map<Stops, { job: Job; over: Promise<unknown> }>();

  constructor(private readonly parts: Parts) {
    this.#children = new Children(parts.plan, parts.pool);
  }

  async run(call: Call): Promise<unknown> {
    const stops = new Stops();
    const over = this.#inSeat(call, stops);
    this.#running.set(stops, { job: call.job, over });
    try {
      return await over;
    } finally {
      this.#running.delete(stops);
    }
  }

  /** Ends jobs at once. Resolves when nothing is left of them. */
  async stop(error: Error, which: (job: Job) => boolean = () => true): Promise<void> {
    const due = [...this.#running].filter(([, { job }]) => which(job));
    for (const [stops] of due) stops.stop({ reason: error.message, error: () => error, isFinal: true, atOnce: true });
    await Promise.allSettled(due.map(([, { over }]) => over));
  }

  async #inSeat(call: Call, stops: Stops): Promise<unknown> {
    const cancel = (): void => stops.stop(cancelled(call.signal?.reason, this.parts.plan));
    call.signal?.addEventListener('abort', cancel);
    if (call.signal?.aborted === true) cancel();
    let leave = (): void => {};
    try {
      const seat = await this.parts.seats.enter(call.job, stops.signal);
      leave = seat.leave;
      return await this.#tries(call, stops, seat.giveBack);
    } catch (error) {
      throw stops.first !== undefined && error instanceof AbortError ? stops.first.error(undefined) : error;
    } finally {
      call.signal?.removeEventListener('abort', cancel);
      leave();
    }
  }

  async #tries(call: Call, stops: Stops, giveBack: () => void): Promise<unknown> {
    const { plan } = this.parts;
    try {
      return await this.#first(call, stops, giveBack);
    } catch (error) {
      if (!isForOwnLimit(error) || stops.first !== undefined) throw error;
      const bytes = plan.retryBytes(error.outcome.memory.limitBytes ?? plan.memoryBytes);
      if (bytes === undefined) throw unrecoverable(error);
      giveBack();
      // Without the line, the job goes on all the same.
      await call.job.log(`${error.message}: it is done once more with ${formatSize(bytes)}`).catch(() => {});
      try {
        return await this.#converse(call, stops, await this.#children.larger(bytes, stops.signal));
      } catch (second) {
        throw isForOwnLimit(second) ? unrecoverable(second) : second;
      }
    }
  }

  async #first(call: Call, stops: Stops, giveBack: () => void): Promise<unknown> {
    if (this.parts.plan.keyOf === undefined) {
      // Of the time for the job, in case that the processor never ends to load.
      const timer = this.#timer(stops);
      const child = await this.#children.warm(stops.signal).finally(() => clearTimeout(timer));
      return this.#converse(call, stops, child);
    }
    // It asks for its own room before it gives this back.
    const child = this.#children.learned(call.job, stops.signal);
    giveBack();
    return this.#converse(call, stops, await child);
  }

  async #converse({ job, token }: Call, stops: Stops, child: CagedChild): Promise<unknown> {
    const { protocol, plan } = this.parts;
    const timer = this.#timer(stops);
    const { processor, graceMs, changesOf } = plan;
    const request = { job, token, stops, protocol, name: processor.name, graceMs, environment: changesOf() };
    return attempt(child, request).finally(() => clearTimeout(timer));
  }

  #timer(stops: Stops): NodeJS.Timeout | undefined {
    const { timeoutMs, processor } = this.parts.plan;
    if (timeoutMs === undefined) return undefined;
    const message = `${processor.name} was not done within ${timeoutMs} ms`;
    const error: Stop['error'] = (outcome) =>
      outcome === undefined
        ? new MemcageError(ErrorCode.TIMEOUT, message)
        : new TimeoutError(message, { ...outcome, ...NOTHING });
    return setTimeout(() => stops.stop({ reason: message, error, isFinal: true, atOnce: false }), timeoutMs);
  }
}

function cancelled(reason: unknown, { processor }: Plan): Stop {
  // As what BullMQ's own child throws by its signal.
  const message = typeof reason === 'string' && reason !== '' ? reason : `${processor.name} was cancelled`;
  const error: Stop['error'] = (outcome) => {
    const all = outcome === undefined ? undefined : { ...outcome, ...NOTHING };
    return Object.assign(new AbortError(reason, all), { message });
  };
  return { reason, error, isFinal: false, atOnce: false };
}

/** Whether more memory may help: it was not a limit around, or want of memory on the machine. */
function isForOwnLimit(error: unknown): error is MemoryLimitError {
  if (!(error instanceof MemoryLimitError)) return false;
  const { oom } = error.outcome;
  return error.limit === 'heap' || oom?.cause === 'limit' || oom?.cause === 'polled';
}

/** BullMQ does not try again a job whose error has this name, whatever its `attempts` are. */
function unrecoverable(error: MemoryLimitError): Error {
  return Object.defineProperty(error, 'name', { value: 'UnrecoverableError', configurable: true, writable: true });
}

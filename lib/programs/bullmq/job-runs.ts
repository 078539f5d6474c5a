import type { Job } from 'bullmq';
import { AbortError } from '../../common/errors/errors';
import {
  fork,
  formatSize,
  MemcageError,
  MemoryLimitError,
  type MemoryOption,
  TimeoutError,
  type WarmPool,
} from '../../index';
import { reachedOwnLimit } from '../../jobs/budget/learning/lesson';
import { attempt, type JobChild, NO_OUTPUT, type Stop, Stops } from './attempt';
import type { EnvironmentChanges } from './child/environment-message';
import type { Plan } from './options';
import type { Protocol } from './protocol';
import type { Seats } from './seats';

/** What BullMQ gives a processor. */
export interface JobCall {
  job: Job;
  token: string | undefined;
  signal: AbortSignal | undefined;
}

/** What jobs are done with. */
export interface JobRunsOptions {
  plan: Plan;
  protocol: Protocol;
  pool: WarmPool<JobChild>;
  seats: Seats;
}

/** Does jobs, each in a child of its own. */
export class JobRuns {
  readonly #running = new Map<Stops, { job: Job; over: Promise<unknown> }>();

  constructor(private readonly options: JobRunsOptions) {}

  async run(call: JobCall): Promise<unknown> {
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

  async #inSeat(call: JobCall, stops: Stops): Promise<unknown> {
    const cancel = (): void => stops.stop(cancelled(call.signal?.reason, this.options.plan));
    call.signal?.addEventListener('abort', cancel);
    if (call.signal?.aborted === true) cancel();
    let leave = (): void => {};
    try {
      const seat = await this.options.seats.enter(call.job, stops.signal);
      leave = seat.leave;
      return await this.#tries(call, stops, seat.giveBack);
    } catch (error) {
      throw stops.first !== undefined && error instanceof AbortError ? stops.first.error(undefined) : error;
    } finally {
      call.signal?.removeEventListener('abort', cancel);
      leave();
    }
  }

  async #tries(call: JobCall, stops: Stops, giveBack: () => void): Promise<unknown> {
    const { plan } = this.options;
    try {
      return await this.#first(call, stops, giveBack);
    } catch (error) {
      if (!isForOwnLimit(error) || stops.first !== undefined) throw error;
      const bytes = plan.retryBytes(error.outcome.memory.limitBytes ?? plan.memoryBytes);
      if (bytes === undefined) throw unrecoverable(error);
      giveBack();
      // Without the line, the job goes on all the same.
      const [killed, ...evidence] = error.message.split('\n');
      const lines = [`${killed}: it is done once more with ${formatSize(bytes)}`, ...evidence];
      await call.job.log(lines.join('\n')).catch(() => {});
      try {
        return await this.#converse(call, stops, await this.#largerChild(bytes, stops.signal));
      } catch (second) {
        throw isForOwnLimit(second) ? unrecoverable(second) : second;
      }
    }
  }

  async #first(call: JobCall, stops: Stops, giveBack: () => void): Promise<unknown> {
    if (this.options.plan.keyOf === undefined) {
      // The time for the job also bounds how long a processor may load.
      const timer = this.#timer(stops);
      // A child that waits, or the next that does. The job has room for it.
      const child = await this.options.pool.take({ signal: stops.signal }).finally(() => clearTimeout(timer));
      return this.#converse(call, stops, child);
    }
    // The child asks for its own room before the job gives its seat back.
    const child = this.#learnedChild(call.job, stops.signal);
    giveBack();
    return this.#converse(call, stops, await child);
  }

  /** A child whose limit the budget has learned. It waits for its own room. */
  #learnedChild(job: Job, signal: AbortSignal): Promise<JobChild> {
    const { plan } = this.options;
    return this.#inBudget({ memory: plan.memory, key: plan.keyOf?.(job) ?? job.name }, signal);
  }

  /** A child with another limit. In a budget it waits for its own room. */
  async #largerChild(bytes: number, signal: AbortSignal): Promise<JobChild> {
    const { memory: given, budget, module, args, childOptions, place } = this.options.plan;
    const memory = typeof given === 'object' ? { ...given, max: bytes } : bytes;
    if (budget !== undefined) return this.#inBudget({ memory }, signal);
    if (signal.aborted) throw new AbortError(signal.reason);
    return fork(module, args, { ...childOptions, ...place, memory }) as JobChild;
  }

  async #inBudget(sized: { memory: MemoryOption; key?: string }, signal: AbortSignal): Promise<JobChild> {
    const { budget, module, args, childOptions } = this.options.plan;
    if (budget === undefined) throw new Error('No budget');
    // The budget would end the child by the signal, too. That is the job's affair.
    const waiting = new AbortController();
    const abort = (): void => waiting.abort(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      return (await budget.fork(module, args, { ...childOptions, ...sized, signal: waiting.signal })) as JobChild;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #converse({ job, token }: JobCall, stops: Stops, child: JobChild): Promise<unknown> {
    const { protocol, plan } = this.options;
    const timer = this.#timer(stops);
    const { processor, graceMs } = plan;
    const environment = plan.environment && changesSince(plan.environment);
    const request = { job, token, stops, protocol, name: processor.name, graceMs, environment };
    return attempt(child, request).finally(() => clearTimeout(timer));
  }

  #timer(stops: Stops): NodeJS.Timeout | undefined {
    const { timeoutMs, processor } = this.options.plan;
    if (timeoutMs === undefined) return undefined;
    const message = `${processor.name} was not done within ${timeoutMs} ms`;
    const error: Stop['error'] = (outcome) =>
      outcome === undefined
        ? new MemcageError('ERR_MEMCAGE_TIMEOUT', message)
        : new TimeoutError(message, { ...outcome, ...NO_OUTPUT });
    return setTimeout(() => stops.stop({ reason: message, error, isFinal: true, atOnce: false }), timeoutMs);
  }
}

function cancelled(reason: unknown, { processor }: Plan): Stop {
  // BullMQ's own child throws such a message when its signal aborts.
  const message = typeof reason === 'string' && reason !== '' ? reason : `${processor.name} was cancelled`;
  const error: Stop['error'] = (outcome) => {
    const all = outcome === undefined ? undefined : { ...outcome, ...NO_OUTPUT };
    return Object.assign(new AbortError(reason, all), { message });
  };
  return { reason, error, isFinal: false, atOnce: false };
}

/** Whether more memory may help: it was not a limit around, or want of memory on the machine. */
function isForOwnLimit(error: unknown): error is MemoryLimitError {
  return error instanceof MemoryLimitError && reachedOwnLimit(error.outcome);
}

/** BullMQ does not try again a job whose error has this name, whatever its `attempts` are. */
function unrecoverable(error: MemoryLimitError): Error {
  return Object.defineProperty(error, 'name', { value: 'UnrecoverableError', configurable: true, writable: true });
}

/** How the environment of this process differs from what it was; undefined if it does not. */
function changesSince(before: NodeJS.ProcessEnv): EnvironmentChanges | undefined {
  const now = { ...process.env };
  const set = Object.entries(now).filter(([name, value]) => value !== before[name]) as [string, string][];
  const unset = Object.keys(before).filter((name) => !(name in now));
  return set.length + unset.length === 0 ? undefined : { set: Object.fromEntries(set), unset };
}

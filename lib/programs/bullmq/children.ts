import type { Job } from 'bullmq';
import { AbortError, fork, type MemoryOption, type WarmPool } from '../../index.js';
import type { CagedChild } from './attempt.js';
import type { Plan } from './options.js';

/** Where the children of jobs come from. */
export class Children {
  constructor(
    private readonly plan: Plan,
    private readonly pool: WarmPool<CagedChild>,
  ) {}

  /** One that waits, or the next that does. Its caller has room for it. */
  warm(signal: AbortSignal): Promise<CagedChild> {
    return this.pool.take({ signal });
  }

  /** One whose limit the budget has learned. It waits for its own room. */
  learned(job: Job, signal: AbortSignal): Promise<CagedChild> {
    const { plan } = this;
    return this.#inBudget({ memory: plan.memory, key: plan.keyOf?.(job) ?? job.name }, signal);
  }

  /** One with another limit. In a budget it waits for its own room. */
  async larger(bytes: number, signal: AbortSignal): Promise<CagedChild> {
    const { memory: given, budget, module, args, childOptions, place } = this.plan;
    const memory = typeof given === 'object' ? { ...given, max: bytes } : bytes;
    if (budget !== undefined) return this.#inBudget({ memory }, signal);
    if (signal.aborted) throw new AbortError(signal.reason);
    return fork(module, args, { ...childOptions, ...place, memory }) as CagedChild;
  }

  async #inBudget(sized: { memory: MemoryOption; key?: string }, signal: AbortSignal): Promise<CagedChild> {
    const { budget, module, args, childOptions } = this.plan;
    if (budget === undefined) throw new Error('No budget');
    // The budget would end the child by the signal, too. That is the job's affair.
    const waiting = new AbortController();
    const abort = (): void => waiting.abort(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      return (await budget.fork(module, args, { ...childOptions, ...sized, signal: waiting.signal })) as CagedChild;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

/// <reference types="node" preserve="true" />
/**
 * A processor for BullMQ that does each job in a child and a cage of its own. bullmq is an optional peer dependency.
 *
 * Experimental: see docs/reference/stability.md.
 *
 * @module memcage/bullmq
 */
import type { Job, Worker } from 'bullmq';
import { companion } from './common/addon/companion';
import { MemcageError } from './index';
import { JobRuns } from './programs/bullmq/job-runs';
import { openPool, type Plan, type ProcessorOptions, readPlan } from './programs/bullmq/options';
import { loadProtocol } from './programs/bullmq/protocol';
import { refuseLarge, Seats, SpareRoom } from './programs/bullmq/seats';

export type { ProcessorOptions, RetryOptions } from './programs/bullmq/options';

const protocol = loadProtocol();

/**
 * A processor for `new Worker(queue, processor)`, made by {@link createProcessor}.
 *
 * @experimental
 */
export interface Processor<Data = unknown, Result = unknown> extends AsyncDisposable {
  /**
   * Do a job. Settles when nothing of its child is left.
   *
   * @throws what the processor file throws; as `run`, if its child ends without: MemoryLimitError, LimitError,
   * ExitError; TimeoutError after `timeout`; AbortError, if it is cancelled and does not end by itself
   */
  (job: Job<Data, Result>, token: string | undefined, signal: AbortSignal | undefined): Promise<Result>;

  /**
   * Have a worker that calls this processor fetch a job only when there is room for it in the budget, and end the child of
   * a job whose lock it has lost. Its `concurrency` is then what it has at most. Call it right after `new Worker()`.
   *
   * @returns the worker
   */
  attach<W extends Worker>(worker: W): W;

  /** Whether it is closed or closing. */
  readonly closed: boolean;

  /** End the children, those of jobs too. Close the worker before, which waits for its jobs. You may call it again. */
  close(): Promise<void>;

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Make a processor that does each job in a child and a cage of its own, by a processor file of BullMQ.
 *
 * ```js run
 * import { writeFileSync } from 'node:fs';
 * import { createProcessor } from 'memcage/bullmq';
 *
 * writeFileSync('job.cjs', 'module.exports = async ({ data }) => 2 * data.n');
 * const processor = createProcessor('./job.cjs', { memory: '200M' });
 * // new Worker('jobs', processor, { connection })
 * await processor.close();
 * ```
 *
 * @param file as that of BullMQ's sandboxed processors: a path, or a file: URL
 * @throws a MemcageError, TypeError or RangeError when an option is wrong, or the first child can't be started; nothing
 * is left behind then
 *
 * @experimental
 */
export function createProcessor<Data = unknown, Result = unknown>(
  file: string | URL,
  options: ProcessorOptions,
): Processor<Data, Result> {
  const plan = readPlan(file, options, { protocol, module: companion('bullmq-child.mjs') });
  refuseLarge(plan);
  return makeProcessor(plan, options) as Processor<Data, Result>;
}

function makeProcessor(plan: Plan, options: ProcessorOptions): Processor {
  const pool = openPool(plan, options);
  const seats = new Seats(plan);
  const runs = new JobRuns({ plan, protocol, pool, seats });
  const spares = new SpareRoom(plan);
  const attached = new WeakSet<Worker>();
  let closed: Promise<void> | undefined;
  const isClosed = (): MemcageError => new MemcageError('ERR_MEMCAGE_CLOSED', 'The processor is closed');

  // Three parameters: BullMQ looks at their number, and makes a signal for the third.
  const processor = async (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<unknown> => {
    if (closed !== undefined) throw isClosed();
    if (spares.error !== undefined) throw spares.error;
    return runs.run({ job, token, signal });
  };
  const attach = <W extends Worker>(worker: W): W => {
    if (closed !== undefined) throw isClosed();
    if (attached.has(worker)) return worker;
    attached.add(worker);
    seats.attach(worker);
    worker.on('lockRenewalFailed', (jobIds) => {
      const lost = new Error('The lock of the job was lost: another worker may do it now');
      void runs.stop(lost, (job) => seats.isFetchedBy(worker, job) && jobIds.includes(job.id ?? ''));
    });
    return worker;
  };
  const close = (): Promise<void> => {
    closed ??= (async () => {
      seats.close();
      await Promise.all([runs.stop(isClosed()), pool.close()]);
      spares.release();
    })();
    return closed;
  };
  return Object.defineProperty(Object.assign(processor, { attach, close, [Symbol.asyncDispose]: close }), 'closed', {
    get: () => closed !== undefined,
  }) as unknown as Processor;
}

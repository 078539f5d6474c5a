import { setTimeout as sleep } from 'node:timers/promises';
import { FlowProducer, type Job, type JobsOptions, type Processor, Queue, Worker, type WorkerOptions } from 'bullmq';
import { until } from '../until';
import type { Valkey } from './valkey';

/** What is left of a job when nothing happens to it any more. */
export interface JobRecord {
  state: string;
  returnvalue: unknown;
  failedReason: string | undefined;
  progress: unknown;
  data: unknown;
  logs: string[];
  attemptsMade: number;
  attemptsStarted: number;
}

/** For a job of another worker, or one that nobody tells of. */
const LOOK_AGAIN_MS = 200;

/** A queue with one worker. */
export class TestQueue {
  readonly queue: Queue;
  readonly flows: FlowProducer;
  readonly errors: Error[] = [];
  worker: Worker | undefined;
  #tell = (): void => {};
  /** Resolves when the worker has done with a job: to ask the server all the time takes longer than the jobs do. */
  #news = this.#next();

  constructor(
    private readonly valkey: Valkey,
    readonly name: string,
  ) {
    this.queue = new Queue(name, { connection: valkey.connection });
    this.flows = new FlowProducer({ connection: valkey.connection });
  }

  work(processor: Processor | string | URL, options: Partial<WorkerOptions> = {}): Worker {
    this.worker = new Worker(this.name, processor, { connection: this.valkey.connection, concurrency: 2, ...options });
    this.worker.on('error', (error) => this.errors.push(error));
    for (const name of ['completed', 'failed'] as const) this.worker.on(name, () => this.#told());
    return this.worker;
  }

  add(name: string, data: unknown = {}, options: JobsOptions = {}): Promise<Job> {
    return this.queue.add(name, data, options);
  }

  async end({ id }: Pick<Job, 'id'>): Promise<JobRecord> {
    const key = id ?? '';
    const state = await until(
      `job ${key} ends`,
      async () => {
        const news = this.#news;
        const now = await this.queue.getJobState(key);
        if (now === 'completed' || now === 'failed') return now;
        await Promise.race([news, sleep(LOOK_AGAIN_MS, undefined, { ref: false })]);
        return undefined;
      },
      60_000,
    );
    const job = (await this.queue.getJob(key)) as Job;
    const { returnvalue, failedReason, progress, data, attemptsMade, attemptsStarted } = job;
    const { logs } = await this.queue.getJobLogs(key);
    return { state, returnvalue, failedReason, progress, data, logs, attemptsMade, attemptsStarted };
  }

  #told(): void {
    const tell = this.#tell;
    this.#news = this.#next();
    tell();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => (this.#tell = resolve));
  }

  async close(): Promise<void> {
    await this.worker?.close();
    await Promise.all([this.queue.close(), this.flows.close()]);
  }
}

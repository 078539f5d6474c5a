import { join } from 'node:path';
import type { Job } from 'bullmq';
import { run } from 'memcage';
import { createProcessor, type Processor, type ProcessorOptions } from 'memcage/bullmq';
import { expectNothingLeft } from '../nothing-left';
import { until } from '../until';
import { TestQueue } from './queue';
import { Valkey } from './valkey';

export const ofBullmq = (name: string): string => join(__dirname, '../../fixtures/programs/bullmq', name);

/** A processor whose jobs end in all kinds of ways, by their names. */
export const ENDS = ofBullmq('ends.mjs');

type CagedQueue = TestQueue & { processor: Processor; failures: Map<string, Error> };

/** Queues on a server of their own, whose jobs caged processors do. All is closed after each test of the file. */
export class CagedJobs {
  #valkey: Valkey | undefined;
  #count = 0;
  #open: { close(): Promise<unknown> }[] = [];

  constructor(private readonly name: string) {
    beforeAll(async () => {
      this.#valkey = await Valkey.start();
    });
    afterAll(() => this.#valkey?.stop());
    afterEach(async () => {
      for (const each of this.#open.splice(0)) await each.close();
    });
    // The meters of an environment keep fds in reserve from the first one on.
    expectNothingLeft(() => run('true', { memory: '8M', cpuTimeMs: 60_000 }));
  }

  get valkey(): Valkey {
    if (this.#valkey === undefined) throw new Error('The server starts before the first test');
    return this.#valkey;
  }

  /** Has it closed after the test, in the order of these calls. */
  closeLater<T extends { close(): Promise<unknown> }>(it: T): T {
    this.#open.push(it);
    return it;
  }

  /** Without spare children, each of which is one more Node, unless the options say otherwise. */
  work(
    options: Partial<ProcessorOptions> = {},
    { file = ENDS, lockDuration = 30_000, concurrency = 2, autorun = true, drainDelay = 5 } = {},
  ): CagedQueue {
    this.#count += 1;
    const processor = this.closeLater(createProcessor(file, { memory: '64M', nodeHeap: false, spare: 0, ...options }));
    const queue = this.closeLater(new TestQueue(this.valkey, `${this.name}-${this.#count}`));
    const worker = queue.work(processor as never, { lockDuration, concurrency, autorun, drainDelay });
    processor.attach(worker);
    const failures = new Map<string, Error>();
    worker.on('failed', (job, error) => failures.set(job?.id ?? '', error));
    return Object.assign(queue, { processor, failures });
  }

  /** The pid that a job tells of once it runs. */
  async running(queue: TestQueue, { id = '' }: Job): Promise<number> {
    return until('it runs', async () => ((await queue.queue.getJob(id)) as Job).progress as number);
  }
}

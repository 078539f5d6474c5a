import { type Job, Worker } from 'bullmq';
import { createBudget } from 'memcage';
import { createProcessor, type Processor } from 'memcage/bullmq';

const connection = {};
const budget = createBudget({ memory: '1G' });
const learning = createBudget({ memory: '1G', learn: {} });

// As they are in docs/reference/bullmq.md.
const processor = createProcessor('./processor.js', { memory: '200M', timeout: 60_000 });
new Worker('jobs', processor, { connection, concurrency: 4 });
const caged = createProcessor('./processor.js', { memory: { max: '200M' }, budget, retry: { memory: '1G' }, pids: 20 });
const attached: Worker = caged.attach(new Worker('jobs', caged, { connection }));
void attached.run();
const learned = createProcessor(new URL('file:///processor.js'), { memory: 1e8, budget: learning, learn: true });
learned.attach(new Worker('jobs', learned, { connection }));
createProcessor('a', { memory: 1e8, budget: learning, learn: (job: Job) => job.name });

interface Data {
  mebibytes: number;
}
const typed: Processor<Data, string> = createProcessor<Data, string>('./processor.js', { memory: '200M' });
const worker = new Worker<Data, string>('jobs', typed, { connection });
typed.attach(worker).on('completed', (_, result) => result.trim());
const closed: Promise<void> = typed.close();
void closed;

// @ts-expect-error it has no limit
createProcessor('./processor.js', {});
// @ts-expect-error a job has a signal of its own
createProcessor('./processor.js', { memory: '200M', signal: AbortSignal.timeout(1) });
// @ts-expect-error no such option
createProcessor('./processor.js', { memory: '200M', grace: 1 });

// One machine's worker: takes jobs from the queue while its budget has room for them.
import { Worker } from 'bullmq';
import { createBudget } from 'memcage';
import { createProcessor } from 'memcage/bullmq';

const { REDIS_URL = 'redis://127.0.0.1:6379', BUDGET = '1700M', JOB_MEMORY = '200M' } = process.env;

const budget = createBudget({ memory: BUDGET });
const processor = createProcessor(new URL('processor.mjs', import.meta.url), {
  memory: JOB_MEMORY,
  timeout: 60_000,
  budget,
});
const worker = processor.attach(new Worker('jobs', processor, { connection: { url: REDIS_URL }, concurrency: 50 }));
worker.on('failed', (job, error) => console.log(`${job?.name} ${job?.id}: ${error.message}`));
worker.on('error', (error) => console.error(error.message));

// Jobs that run may end. The queue keeps the others.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await worker.close();
    await processor.close();
    await budget.close();
    // What is still connected to Redis would keep this process.
    process.exit();
  });
}

/**
 * A pool that recycles workers by measured memory use: Buffers and native memory count, but page cache that the
 * kernel can drop does not. Only a worker with a greedy task meets its limit, and no task is lost.
 *
 *   npm run build && npm run build:programs && node out/examples/worker-pool.mjs
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fork } from 'memcage';
import { exitWith, Report } from './support/report.mts';

const MIB = 2 ** 20;
const WORKERS = 2;
const LIMIT = '400M';
/** A worker that uses more than this, not counting reclaimable memory, is replaced when its task is done. */
const RETIRE_BYTES = 160 * MIB;

interface Task {
  n: number;
  mebibytes: number;
}

/** A worker: this very file, forked. With each task it leaks memory outside of the JavaScript heap. */
function work(): void {
  const leaked: Buffer[] = [];
  process.on('message', ({ n, mebibytes }: Task) => {
    leaked.push(Buffer.alloc(mebibytes * MIB, 1));
    process.send?.(n * n);
  });
}

type Worker = ReturnType<typeof start>;

function start() {
  return fork(fileURLToPath(import.meta.url), ['worker'], { memory: LIMIT });
}

/** Rejects if the worker dies of the task. */
function ask(worker: Worker, task: Task): Promise<number> {
  const answer = once(worker, 'message') as Promise<[number]>;
  const death = worker.outcome.then(({ oom, signal, memory }) => {
    const why = oom === null ? `ended by ${signal}` : `over its limit of ${memory.limitBytes / MIB} MiB`;
    throw new Error(`the worker was ${why}`);
  });
  worker.send(task);
  return Promise.race([answer.then(([square]) => square), death]);
}

class Pool {
  readonly results = new Map<number, number | string>();
  retired = 0;
  killed = 0;
  /** The highest use of any worker that was not killed. */
  peakBytes = 0;

  async run(tasks: Iterable<Task>): Promise<void> {
    // One queue for all: each worker takes the next task when it has finished the last one.
    const queue = tasks[Symbol.iterator]();
    await Promise.all(Array.from({ length: WORKERS }, () => this.#lane({ [Symbol.iterator]: () => queue })));
  }

  async #lane(queue: Iterable<Task>): Promise<void> {
    let worker: Worker | undefined;
    for (const task of queue) {
      worker ??= start();
      try {
        this.results.set(task.n, await ask(worker, task));
        if (worker.cage.cgroup.usage().workingSetBytes <= RETIRE_BYTES) continue;
        await this.#end(worker);
        this.retired += 1;
      } catch (error) {
        this.results.set(task.n, error instanceof Error ? error.message : String(error));
        this.killed += 1;
      }
      worker = undefined;
    }
    if (worker !== undefined) await this.#end(worker);
  }

  /** The worker ends by itself once its channel is gone. */
  async #end(worker: Worker): Promise<void> {
    worker.disconnect();
    const { memory } = await worker.outcome;
    this.peakBytes = Math.max(this.peakBytes, memory.peakBytes ?? 0);
  }
}

async function main(): Promise<number> {
  const report = new Report();
  const tasks = Array.from({ length: 20 }, (_, n): Task => ({ n, mebibytes: n === 5 ? 600 : 40 }));
  report.title(`${tasks.length} tasks for ${WORKERS} workers, each replaced beyond ${RETIRE_BYTES / MIB} MiB`);
  const pool = new Pool();
  await pool.run(tasks);

  const { results } = pool;
  const right = tasks.filter(({ n }) => results.get(n) === n * n).length;
  report.check('tasks done', `${right} of ${tasks.length}`, right === 19);
  const failure = results.get(5) ?? 'lost';
  report.check('the greedy one', failure, failure === 'the worker was over its limit of 400 MiB');
  report.check('workers killed', pool.killed, pool.killed === 1);
  report.check('workers retired', pool.retired, pool.retired >= 2);
  const peak = `${Math.round(pool.peakBytes / MIB)} MiB`;
  report.check('highest use of the others', peak, pool.peakBytes < 400 * MIB);
  return report.end();
}

if (process.argv[2] === 'worker') work();
else exitWith(main());

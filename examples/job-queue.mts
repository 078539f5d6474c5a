/**
 * A job queue: each job has its own limit, and one that exceeds it fails alone, with an error that says so.
 *
 *   npm run build && npm run build:programs && node out/examples/job-queue.mjs
 */
import { ExitError, MemoryLimitError, run, TimeoutError } from 'memcage';
import { exitWith, Report } from './support/report.mts';

interface Job {
  name: string;
  /** JavaScript that runs in its own process. */
  script: string;
  memory: string;
  timeoutMs?: number;
}

class JobQueue {
  readonly concurrency: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  /** The most jobs that ran at the same time. */
  busiest = 0;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
  }

  /** Rejects with MemoryLimitError, TimeoutError or ExitError. */
  async add({ script, memory, timeoutMs = 60_000 }: Job): Promise<string> {
    if (this.#running === this.concurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    this.busiest = Math.max(this.busiest, this.#running);
    try {
      const { stdout } = await run(process.execPath, ['--eval', script], { memory, timeout: timeoutMs });
      return stdout.trim();
    } finally {
      // The next job takes its place, or the place is free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** What a queue would tell whoever submitted the job. */
function reasonOf(error: unknown): string {
  if (error instanceof MemoryLimitError) {
    const { memory, oom } = error.outcome;
    const mib = (bytes: number | null | undefined): string =>
      bytes ? `${Math.round(bytes / 2 ** 20)} MiB` : 'unknown';
    return `out of memory: limit ${mib(memory?.limitBytes)}, peak ${mib(memory?.peakBytes)}, cause ${oom?.cause}`;
  }
  if (error instanceof TimeoutError) return 'took too long';
  if (error instanceof ExitError) return `exit code ${error.outcome.exitCode}`;
  throw error;
}

const take = (mebibytes: number): string =>
  `const kept = Buffer.alloc(${mebibytes} << 20, 1); console.log('used', kept.length >> 20, 'MiB')`;

const jobs: (Job & { expected: RegExp })[] = [
  { name: 'thumbnail', script: take(20), memory: '128M', expected: /^done: used 20 MiB$/ },
  {
    name: 'report',
    script: take(300),
    memory: '128M',
    expected: /^failed: out of memory: limit 128 MiB, peak 12[78] MiB, cause limit$/,
  },
  { name: 'import', script: take(300), memory: '512M', expected: /^done: used 300 MiB$/ },
  { name: 'broken', script: 'process.exit(3)', memory: '128M', expected: /^failed: exit code 3$/ },
  { name: 'endless', script: 'for (;;);', memory: '128M', timeoutMs: 3000, expected: /^failed: took too long$/ },
  ...[1, 2, 3, 4].map((n) => ({ name: `mail ${n}`, script: take(n), memory: '128M', expected: /^done: used \d MiB$/ })),
];

async function main(): Promise<number> {
  const report = new Report();
  const queue = new JobQueue(3);
  report.title(`${jobs.length} jobs, ${queue.concurrency} at a time`);
  const ends = await Promise.all(
    jobs.map((job) =>
      queue.add(job).then(
        (output) => `done: ${output}`,
        (error: unknown) => `failed: ${reasonOf(error)}`,
      ),
    ),
  );
  for (const [index, { name, expected }] of jobs.entries()) {
    const end = ends[index] ?? 'lost';
    report.check(name, end, expected.test(end));
  }
  report.check('at the same time', queue.busiest, queue.busiest === queue.concurrency);
  return report.end();
}

exitWith(main());

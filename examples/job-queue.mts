/**
 * A job queue: each job has its own limit, waits until that fits beside the others, and fails alone if it exceeds it, with an
 * error that says so.
 *
 *   npm run build && npm run build:programs && node out/examples/job-queue.mjs
 */
import { type Budget, createBudget, ExitError, formatSize, MemoryLimitError, type Size, TimeoutError } from 'memcage';
import { exitWith, Report } from './support/report.mts';

interface Job {
  name: string;
  /** JavaScript that runs in its own process. */
  script: string;
  memory: Size;
  timeoutMs?: number;
}

/** Rejects with MemoryLimitError, TimeoutError or ExitError. */
async function add(budget: Budget, { name, script, memory, timeoutMs = 60_000 }: Job): Promise<string> {
  const args = ['--eval', script];
  const { stdout } = await budget.run(process.execPath, args, { memory, timeout: timeoutMs, key: name });
  return stdout.trim();
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
  ...[1, 2, 3, 4].map((n) => ({
    name: `mail ${n}`,
    script: take(n),
    memory: '128M' as const,
    expected: /^done: used \d MiB$/,
  })),
];

async function main(): Promise<number> {
  const report = new Report();
  const budget = createBudget({ memory: '700M', concurrency: 3 });
  let busiest = 0;
  let mostBytes = 0;
  budget.on('started', () => {
    const { running, reservedBytes } = budget.stats();
    busiest = Math.max(busiest, running);
    mostBytes = Math.max(mostBytes, reservedBytes);
  });
  report.title(`${jobs.length} jobs, at most 3 at a time, and never more than 700 MiB`);
  const ends = await Promise.all(
    jobs.map((job) =>
      add(budget, job).then(
        (output) => `done: ${output}`,
        (error: unknown) => `failed: ${reasonOf(error)}`,
      ),
    ),
  );
  await budget.close();
  for (const [index, { name, expected }] of jobs.entries()) {
    const end = ends[index] ?? 'lost';
    report.check(name, end, expected.test(end));
  }
  report.check('at the same time', busiest, busiest === 3);
  report.check('most memory at a time', formatSize(mostBytes), mostBytes <= 700 * 2 ** 20);
  return report.end();
}

exitWith(main());

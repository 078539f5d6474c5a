import { type AnyCage, explainOom, formatSize, type NodeHeapReport, spawn } from '../../../../index';
import { FAILED } from '../../command';
import { complain } from '../../text/complain';
import { exitCodeOf, exitOnSignals, reportStartError } from './ends';
import { limitNotes } from './limits';
import { Reports } from './reports';
import type { RunRequest } from './request';
import { forwardSignals } from './signals';

/** Returns the exit code. */
export async function startAndWait(request: RunRequest): Promise<number> {
  const reports = new Reports(request);
  try {
    return await runIn(request, reports);
  } finally {
    reports.close();
  }
}

async function runIn(request: RunRequest, reports: Reports): Promise<number> {
  const { file, keepDescendants } = request;
  let child: ReturnType<typeof start> | undefined;
  // From before the start to the end: no signal may end this process and leave the cage behind.
  forwardSignals((signal) => child?.kill(signal));
  // Make the streams now. When Node makes one, it sets the pipe to non-blocking for every process that has it, also for
  // those that the command leaves running. The start of a child sets it back.
  if (keepDescendants) for (const name of ['stdout', 'stderr'] as const) Reflect.get(process, name);
  const startMs = performance.now();
  try {
    child = start(request, reports.wantsDetails);
  } catch (error) {
    reports.failed(error as Error);
    return reportStartError(request, error as NodeJS.ErrnoException);
  }
  // The outcome has the error too.
  child.on('error', () => {});
  reports.started(child.cage, { runs: child.pid !== undefined, startMs });
  const outcome = await child.outcome;
  const summary = await reports.ended(outcome);
  if (child.pid === undefined) return reportStartError(request, outcome.error);
  const { oom, memory } = outcome;
  if (oom !== null) {
    const { sentence } = explainOom(oom, { command: file, pid: child.pid, peakBytes: memory.peakBytes });
    complain(sentence);
  }
  if (outcome.nodeHeap?.exhausted === 'likely') complain(heapLine(file, outcome.nodeHeap));
  if (outcome.error !== undefined) complain(outcome.error.message);
  for (const note of limitNotes(outcome)) complain(`${file}: ${note}`);
  if (summary !== '') process.stderr.write(summary);
  if (keepDescendants) await untilClosed(child.cage);
  const code = outcome.exitCode ?? (outcome.signal === null ? FAILED : exitCodeOf(outcome.signal));
  return code === 0 && !reports.isComplete ? FAILED : code;
}

function start(request: RunRequest, memoryDetails: boolean) {
  const { file, args, cwd, memory, limits, namespaces, root, nodeHeap, settings, parent, keepDescendants } = request;
  return spawn(file, args, {
    stdio: 'inherit',
    memory,
    ...limits,
    // Whoever typed a limit wants it held, whatever the environment says of other programs.
    enforce: 'kernel',
    namespaces,
    memoryDetails,
    ...settings,
    ...(root !== undefined && { root }),
    ...(cwd !== undefined && { cwd }),
    ...(nodeHeap !== undefined && { nodeHeap }),
    ...(keepDescendants && { keepDescendants }),
    ...(parent !== undefined && { parent }),
  });
}

/** Keeps this process alive until the cage is closed. An open cage does not, and is killed when this process ends. */
function untilClosed(cage: AnyCage): Promise<void> {
  if (cage.closing) return Promise.resolve();
  const alive = setInterval(() => {}, 2 ** 30);
  exitOnSignals();
  return new Promise((resolve) => {
    cage.once('close', () => {
      clearInterval(alive);
      resolve();
    });
  });
}

function heapLine(file: string, { limitBytes }: NodeHeapReport): string {
  return `${file}: aborted, most likely at the limit of its JavaScript heap (${formatSize(limitBytes)}, see --node-heap)`;
}

import { type Cage, explainOom, formatSize, type NodeHeapReport, spawn } from '../../../../index';
import { FAILED } from '../../command';
import { complain } from '../../text/output';
import { Reports, type RunRequest } from './reports';
import { exitCodeOf, exitOnSignals, forwardSignals } from './signals';
import { reportStartError } from './start-error';
import { limitNotes } from './summary';

/** Returns the exit code. */
export async function startAndWait(request: RunRequest): Promise<number> {
  const { file, flags, keepDescendants } = request;
  const reports = new Reports(request);
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
    return reportStartError(file, error as NodeJS.ErrnoException, flags);
  }
  // The outcome has the error too.
  child.on('error', () => {});
  reports.started(child.cage, { runs: child.pid !== undefined, startMs });
  const outcome = await child.outcome;
  const summary = await reports.ended(outcome);
  if (child.pid === undefined) return reportStartError(file, outcome.error, flags);
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

function start({ file, args, cage, child, memory, keepDescendants }: RunRequest, memoryDetails: boolean) {
  // Whoever typed a limit wants it held, whatever the environment says of other programs.
  const enforce = 'kernel';
  return spawn(file, args, { stdio: 'inherit', memory, ...cage, ...child, enforce, memoryDetails, keepDescendants });
}

/** Keeps this process alive until the cage is closed. An open cage does not, and is killed when this process ends. */
function untilClosed(cage: Cage): Promise<void> {
  if (cage.closed) return Promise.resolve();
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

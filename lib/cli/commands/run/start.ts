import { constants } from 'node:os';
import { type Cage, explainOom, formatSize, type NodeHeapReport, spawn } from '../../../index';
import { FAILED } from '../../command';
import { Reports } from './reports';
import type { RunRequest } from './request';
import { forwardSignals } from './signals';

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** The machine is short of something: that says nothing about the command. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

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
  // From before the start to the end: a signal that comes early or late must not end this process and leave the cage.
  forwardSignals((signal) => child?.kill(signal));
  // What stays behind writes there, too. Node makes a pipe non-blocking, for all who have it, when it makes the stream, and the
  // start of a child takes that back.
  if (keepDescendants) for (const name of ['stdout', 'stderr'] as const) Reflect.get(process, name);
  const startMs = performance.now();
  try {
    child = start(request, reports.wantsDetails);
  } catch (error) {
    reports.failed(error as Error);
    return reportStartError(file, error as NodeJS.ErrnoException);
  }
  // It is in the outcome as well.
  child.on('error', () => {});
  reports.started(child.cage, { runs: child.pid !== undefined, startMs });
  const outcome = await child.outcome;
  const summary = await reports.ended(outcome);
  if (child.pid === undefined) return reportStartError(file, outcome.error);
  const { oom, memory } = outcome;
  if (oom !== null) {
    const { sentence } = explainOom(oom, { command: file, pid: child.pid, peakBytes: memory.peakBytes });
    process.stderr.write(`memcage: ${sentence}\n`);
  }
  if (outcome.nodeHeap?.exhausted === 'likely') process.stderr.write(`memcage: ${heapLine(file, outcome.nodeHeap)}\n`);
  if (outcome.error !== undefined) process.stderr.write(`memcage: ${outcome.error.message}\n`);
  if (summary !== '') process.stderr.write(summary);
  if (keepDescendants) await untilClosed(child.cage);
  const code = outcome.exitCode ?? (outcome.signal === null ? FAILED : exitCodeOf(outcome.signal));
  return code === 0 && !reports.isComplete ? FAILED : code;
}

function start(request: RunRequest, memoryDetails: boolean) {
  const { file, args, memory, namespaces, nodeHeap, parent, keepDescendants } = request;
  return spawn(file, args, {
    stdio: 'inherit',
    memory,
    namespaces,
    memoryDetails,
    ...(nodeHeap !== undefined && { nodeHeap }),
    ...(keepDescendants && { keepDescendants }),
    ...(parent !== undefined && { parent }),
  });
}

/** An open cage does not keep this process alive, and would be killed at its end. */
function untilClosed(cage: Cage): Promise<void> {
  if (cage.closing) return Promise.resolve();
  const alive = setInterval(() => {}, 2 ** 30);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) {
    // Not the signal's own way to end a process, in which no exit handler would close the cage.
    process.once(signal, () => process.exit(exitCodeOf(signal)));
  }
  return new Promise((resolve) => {
    cage.once('close', () => {
      clearInterval(alive);
      resolve();
    });
  });
}

/** As a shell has it. Real-time signals have no name in Node's list: the library calls them SIG34 and so on. */
function exitCodeOf(signal: NodeJS.Signals): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal] ?? Number(signal.slice('SIG'.length)));
}

/** env(1), timeout(1) and docker run have the same three codes. */
function reportStartError(file: string, error: NodeJS.ErrnoException | undefined): number {
  const message = error?.message ?? 'it could not be started';
  const { code, syscall } = error ?? {};
  // Node's error has 'spawn FILE' or 'spawn', memcage's own, in the outcome, the system call.
  const refused = (syscall?.startsWith('spawn') || syscall === 'execve') && !SHORTAGES.has(code);
  const ours = code?.startsWith('ERR_') ?? true;
  process.stderr.write(`memcage: ${ours ? message : `can't run '${file}': ${message}`}\n`);
  if (ours || !refused) return FAILED;
  return code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}

function heapLine(file: string, { limitBytes }: NodeHeapReport): string {
  return `${file}: aborted, most likely at the limit of its JavaScript heap (${formatSize(limitBytes)}, see --node-heap)`;
}

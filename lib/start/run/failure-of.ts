import type { MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import {
  AbortError,
  ErrorCode,
  ExitError,
  LimitError,
  MemcageError,
  MemoryLimitError,
  StallError,
  TimeoutError,
} from '../../common/errors/errors';
import { formatSize } from '../../common/text/size';
import { explainOom, type KilledChild } from './explain-oom';

/** The child that an outcome is about, and how its error names it. */
export type EndedChild = Pick<KilledChild, 'command' | 'pid'>;

/**
 * The error that {@link run} would reject with for a child that you started yourself: {@link MemoryLimitError}, {@link
 * StallError}, {@link LimitError}, {@link ExitError}, or why it could not be started. Undefined if it ended with exit
 * code 0.
 *
 * @param outcome what `child.outcome` resolved with; `stdout` and `stderr` of the error are empty unless it has them
 */
export function failureOf(
  outcome: Outcome<MemoryReport | null> & Partial<RunOutput>,
  { command, pid }: EndedChild,
): Error | undefined {
  return failureOfRun({ file: command, pid, signal: undefined }, { stdout: '', stderr: '', ...outcome });
}

interface EndedRun {
  /** The program, as the caller named it. */
  file: string;
  pid: number | undefined;
  /** What may have aborted it. */
  signal: AbortSignal | undefined;
}

/** The error for a child that failed; undefined if it ended with exit code 0. */
export function failureOfRun(
  { file, pid, signal }: EndedRun,
  result: Outcome<MemoryReport | null> & RunOutput,
): Error | undefined {
  const { error, oom, exitCode, nodeHeap } = result;
  // The outcome type of errors is that of caged children; without a cage `memory` is null here as well.
  const outcome = result as Outcome & typeof result;
  if (error?.name === 'AbortError') return new AbortError(signal?.reason, outcome);
  if (oom !== null && oom.kills > 0) {
    const { peakBytes } = outcome.memory;
    return new MemoryLimitError(explainOom(oom, { command: file, pid, peakBytes }).sentence, outcome, 'cgroup');
  }
  if (error instanceof MemcageError && error.code === ErrorCode.TIMEOUT) {
    return new TimeoutError(error.message, outcome);
  }
  if (error !== undefined) return Object.assign(error, { outcome });
  if (nodeHeap?.exhausted === 'likely') return new MemoryLimitError(exitMessage(file, outcome), outcome, 'heap');
  const limitError = stallErrorOf(file, outcome) ?? limitErrorOf(file, outcome);
  if (limitError !== undefined) return limitError;
  return exitCode === 0 ? undefined : new ExitError(exitMessage(file, outcome), outcome);
}

function exitMessage(file: string, { exitCode, signal, nodeHeap }: Outcome): string {
  const end = signal === null ? `${file} ended with exit code ${exitCode}` : `${file} was ended by ${signal}`;
  if (nodeHeap?.exhausted !== 'likely') return end;
  return `${end}, most likely at the limit of its JavaScript heap (${formatSize(nodeHeap.limitBytes)})`;
}

/** The kernel's signals at the soft limit of a resource: setrlimit(2). Nothing else in the kernel sends them. */
const BY_SIGNAL = {
  SIGXCPU: ['rlimits.cpu', 'RLIMIT_CPU, the processor time of one process'],
  SIGXFSZ: ['rlimits.fsize', 'RLIMIT_FSIZE, the size of a file'],
} as const;

/** The error for a child that was killed since its cage got nowhere; undefined if it was not. */
function stallErrorOf(file: string, outcome: Outcome & RunOutput): StallError | undefined {
  const { signal, stalled } = outcome;
  if (stalled?.killed !== true || signal !== 'SIGKILL') return undefined;
  const { stalledMs, limitMs: ms } = stalled;
  return new StallError(
    `${file} was killed: for ${stalledMs} ms its cage had got nowhere because of memory, and stall allows ${ms} ms. Memory ` +
      'was short in the cage, in a cage or container around it, or on the whole machine: give more to whichever has too ' +
      'little, or less to do at a time',
    outcome,
  );
}

/** The error for a child that a limit other than that of memory has ended; undefined if none has. */
function limitErrorOf(file: string, outcome: Outcome & RunOutput): LimitError | undefined {
  const { signal, limits } = outcome;
  const { cpuTime } = limits;
  // Killed by the meter, or by the kernel's own limit for each process, which is there if nobody reads the meter.
  if (cpuTime?.hit === true && (signal === 'SIGKILL' || signal === 'SIGXCPU')) {
    const used = Math.floor(cpuTime.usedMs);
    const sentence = `${file} was killed: its cage had used ${used} ms of processor time, and the limit is ${cpuTime.limitMs} ms. `;
    return new LimitError(`${sentence}If it needs more, raise cpuTimeMs`, outcome, 'cpuTime');
  }
  if (signal !== 'SIGXCPU' && signal !== 'SIGXFSZ') return undefined;
  const [limit, resource] = BY_SIGNAL[signal];
  return new LimitError(
    `${file} was ended by ${signal}, at its limit ${resource}. If it needs more, raise ${limit}`,
    outcome,
    limit,
  );
}

import type { MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import { invalidArgument } from '../../common/errors/argument-errors';
import {
  AbortError,
  ErrorCode,
  ExitError,
  LimitError,
  MemcageError,
  MemoryLimitError,
  RunError,
  TimeoutError,
} from '../../common/errors/errors';
import { isRecord } from '../../common/options/option-names';
import { lastLine } from '../../common/text/last-line';
import { explainKills } from '../../common/text/oom-words';
import { formatSize } from '../../common/text/size';
import type { OutputEncoding } from '../../process/collect-output';

/** The child that an outcome is about, and how its error names it. An outcome does not know. */
export interface EndedChild {
  /** The program that you started, as people call it: `npx`. Default: the message says "the program". */
  command?: string | undefined;
  /** The child's pid: the message has `command` for the process with this pid. Default: unknown. */
  pid?: number | undefined;
}

/**
 * The error that {@link run} would reject with for a child that you started yourself: {@link MemoryLimitError}, {@link
 * LimitError}, {@link ExitError}, or why it could not be started. `null` if it ended with exit code 0.
 *
 * ```js run
 * import { failureOf, spawn } from 'memcage';
 *
 * const child = spawn('sh', ['-c', 'exit 3'], { memory: '50M' });
 * console.log(failureOf(await child.outcome, { command: 'sh' })?.message);
 * ```
 *
 * ```text output
 * sh ended with exit code 3
 * ```
 *
 * @param outcome what `child.outcome` resolved with; `stdout` and `stderr` of the error are empty unless it has them
 * @param child how the message names it
 */
export function failureOf(
  outcome: Outcome<MemoryReport | null> & Partial<RunOutput>,
  child: EndedChild = {},
): Error | null {
  if (!isRecord(outcome) || !('exitCode' in outcome)) {
    throw invalidArgument('outcome', 'what child.outcome resolves with', outcome);
  }
  if (typeof child !== 'object' || child === null) {
    throw invalidArgument('child', "an object such as { command: 'npx' }", child);
  }
  const { command: file, pid } = child;
  return failureOfRun({ file, pid }, { stdout: '', stderr: '', ...outcome });
}

interface EndedRun {
  /** The program, as the caller named it. */
  file: string | undefined;
  pid: number | undefined;
  /** What may have aborted it. */
  signal?: AbortSignal | undefined;
  /** How its output was decoded. */
  encoding?: OutputEncoding | undefined;
}

/** In which no line of text can be found. */
const NO_TEXT: ReadonlySet<unknown> = new Set(['hex', 'base64', 'base64url']);

/** The error for a child that failed; null if it ended with exit code 0. */
export function failureOfRun(ended: EndedRun, outcome: RunError['outcome']): Error | null {
  const { file = 'the program', pid, signal } = ended;
  const { error, oom, exitCode, nodeHeap } = outcome;
  if (error?.name === 'AbortError') return new AbortError(signal?.reason, outcome);
  if (oom !== null && oom.kills > 0 && isCaged(outcome)) {
    const { peakBytes } = outcome.memory;
    const peak = peakBytes === null ? '' : ` (peak ${formatSize(peakBytes)})`;
    return new MemoryLimitError(
      `${explainKills(oom, ended.file === undefined ? undefined : { command: file, pid })}${peak}`,
      outcome,
      'memory',
    );
  }
  if (error instanceof MemcageError) return withOutcome(error, outcome);
  if (error !== null) return Object.assign(error, { outcome });
  if (nodeHeap?.exhausted === 'likely' && isCaged(outcome)) {
    return new MemoryLimitError(endOf(file, outcome), outcome, 'heap');
  }
  const limitError = stallErrorOf(file, outcome) ?? limitErrorOf(file, outcome);
  if (limitError !== undefined) return limitError;
  if (exitCode === 0) return null;
  const said = NO_TEXT.has(ended.encoding) ? '' : lastLine(outcome.stderr);
  return new ExitError(`${endOf(file, outcome)}${said === '' ? '' : `: ${said}`}`, outcome);
}

/** Memory is the limit of a cage only. */
function isCaged(outcome: RunError['outcome']): outcome is MemoryLimitError['outcome'] {
  return outcome.memory !== null;
}

/** The error why a child ended early, which has no outcome yet. */
function withOutcome(error: MemcageError, outcome: RunError['outcome']): RunError {
  const { code, message, words = message, cause, ...details } = error;
  if (code === ErrorCode.TIMEOUT) return new TimeoutError(message, outcome);
  return new RunError(code, words, outcome, { ...details, cause });
}

/** How a child ended, in words. */
export function endOf(file: string, { exitCode, signal, nodeHeap }: RunError['outcome']): string {
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
function stallErrorOf(file: string, outcome: RunError['outcome']): LimitError | undefined {
  const { signal, stalled } = outcome;
  if (stalled?.killed !== true || signal !== 'SIGKILL') return undefined;
  const { stalledMs, limitMs: ms } = stalled;
  return new LimitError(
    `${file} was killed: for ${stalledMs} ms its cage had got nowhere because of memory, and stall allows ${ms} ms. Memory ` +
      'was short in the cage, in a cage or container around it, or on the whole machine: give more to whichever has too ' +
      'little, or less to do at a time',
    outcome,
    'stall',
  );
}

/** The error for a child that a limit other than that of memory has ended; undefined if none has. */
function limitErrorOf(file: string, outcome: RunError['outcome']): LimitError | undefined {
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

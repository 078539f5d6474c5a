import type { MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import { contradiction, invalidArgument } from '../../common/errors/argument-errors';
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
import { CURE, mention, ONLY_IN_CODE, textOf, type Words, words } from '../../common/errors/words';
import { isRecord } from '../../common/options/option-names';
import { lastLine } from '../../common/text/last-line';
import { explainKills } from '../../common/text/oom-words';
import { formatSize } from '../../common/text/size';
import type { OutputEncoding } from '../../process/collect-output';

/** The child that an outcome is about, and how its error names it. Only an outcome of {@link run} knows by itself. */
export interface EndedChild {
  /** The program that you started, as people call it: `npx`. Default: that of {@link run}; else the message says "the program". */
  command?: string | undefined;
  /** The child's pid: the message has `command` for the process with this pid. Default: that of {@link run}; else unknown. */
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
  checkOutcome(outcome);
  if (typeof child !== 'object' || child === null) {
    throw invalidArgument('child', "an object such as { command: 'npx' }", child);
  }
  const known = RUNS.get(outcome) ?? {};
  const { command: file = known.file, pid = known.pid } = child;
  return failureOfRun({ ...known, file, pid }, { stdout: '', stderr: '', ...outcome });
}

/** The runs of which an outcome tells. */
const RUNS = new WeakMap<object, EndedRun>();

/** Has {@link failureOf} know which run an outcome is of. */
export function noteRun(outcome: object, ended: EndedRun): void {
  RUNS.set(outcome, ended);
}

function checkOutcome(given: unknown): void {
  if (isRecord(given) && ['exitCode', 'oom', 'memory', 'limits'].every((name) => name in given)) return;
  if (given instanceof Promise) throw unawaited('a promise of one');
  if (isRecord(given) && given['outcome'] instanceof Promise) throw unawaited('the child');
  throw invalidArgument('outcome', 'what child.outcome resolves with', given);
}

function unawaited(given: string): TypeError {
  return contradiction(
    'outcome',
    words`failureOf() needs an outcome, not ${given}${CURE}failureOf(await child.outcome)`,
  );
}

interface EndedRun {
  /** The program, as the caller named it. */
  file?: string | undefined;
  pid?: number | undefined;
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
    const killed = explainKills(oom, ended.file === undefined ? undefined : { command: file, pid });
    return new MemoryLimitError(
      words`${killed}${peak}${cureOfSmall(outcome)}${evidenceOf(outcome)}`,
      outcome,
      'memory',
    );
  }
  const said = NO_TEXT.has(ended.encoding) ? '' : lastLine(outcome.stderr);
  const lastWords = said === '' ? '' : `: ${said}`;
  if (oom?.cause === 'refused' && isCaged(outcome)) {
    const sentence = words`${endOf(file, outcome)}, ${explainKills(oom)}${lastWords}${CURE}a higher ${mention('memory')}`;
    return new MemoryLimitError(sentence, outcome, 'memory');
  }
  if (error instanceof MemcageError) return withOutcome(error, outcome);
  if (error !== null) return Object.assign(error, { outcome });
  if (nodeHeap?.exhausted === 'likely' && isCaged(outcome)) {
    return new MemoryLimitError(wordsOfEnd(file, outcome), outcome, 'heap');
  }
  const limitError = stallErrorOf(file, outcome) ?? limitErrorOf(file, outcome);
  if (limitError !== undefined) return limitError;
  if (exitCode === 0) return null;
  return new ExitError(`${endOf(file, outcome)}${lastWords}`, outcome);
}

/** What filled the memory, as further lines. */
function evidenceOf({ evidence }: RunError['outcome']): string {
  return evidence === null ? '' : `\n${evidence.message}`;
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
export function endOf(file: string, outcome: RunError['outcome']): string {
  return textOf(wordsOfEnd(file, outcome));
}

function wordsOfEnd(file: string, { exitCode, signal, nodeHeap, memory }: RunError['outcome']): Words {
  const end = signal === null ? `${file} ended with exit code ${exitCode}` : `${file} was ended by ${signal}`;
  if (nodeHeap?.exhausted !== 'likely') return end;
  const { limitBytes } = nodeHeap;
  const heap = `most likely at the limit of its JavaScript heap: ${formatSize(limitBytes)}`;
  const memoryBytes = memory?.limitBytes ?? Number.POSITIVE_INFINITY;
  if (memoryBytes === Number.POSITIVE_INFINITY) return words`${end}, ${heap}${CURE}a higher ${mention('nodeHeap')}`;
  const isHalf = Math.abs(memoryBytes / 2 - limitBytes) < MIB;
  const part = `${isHalf ? 'half of' : 'within'} the memory limit of ${formatSize(memoryBytes)}`;
  return words`${end}, ${heap}, ${part}${CURE}a higher ${mention('memory')}${largerHeap(limitBytes, memoryBytes)}`;
}

const MIB = 1024 ** 2;
/** How much of the memory a heap may take before the kernel most likely kills for it: docs/reference/node-heap.md. */
const MOST_OF_MEMORY = 0.7;

function largerHeap(limitBytes: number, memoryBytes: number): Words {
  const mebibytes = Math.floor((memoryBytes * MOST_OF_MEMORY) / MIB);
  if (mebibytes * MIB < limitBytes * 1.1) return '';
  const quote = mention(ONLY_IN_CODE, "'");
  return words`, or ${mention('nodeHeap')}${mention(ONLY_IN_CODE, ':')} ${quote}${`${mebibytes}M`}${quote}`;
}

const ENOUGH_FOR_NODE = 64 * MIB;

/** For a limit below what a program of Node takes before it does anything. */
function cureOfSmall({ oom, nodeHeap }: RunError['outcome']): Words {
  const limitBytes = oom?.cause === 'limit' ? oom.limitBytes : null;
  if (nodeHeap === null || limitBytes === null || limitBytes >= ENOUGH_FOR_NODE) return '';
  return words`${CURE}a higher ${mention('memory')}: for a program of Node ${formatSize(ENOUGH_FOR_NODE)} is recommended`;
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

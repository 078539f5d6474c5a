import { type InspectOptions, inspect } from 'node:util';
import type { Stage } from '../../../types/native';
import type { MemoryReport, Outcome, RunOutput } from '../../../types/outcome';
import type { ParentCandidate } from '../../../types/parent';
import { ErrorCode } from './error-codes';
import { CURE, keepWords, type Mention, splitAtCure, textOf, type Words, words } from './words';

export { ErrorCode } from './error-codes';

type DetailName = Exclude<keyof MemcageError, keyof Error | 'code' | 'words' | 'cure'>;

/** What an error knows beside its code and message. */
export type ErrorDetails = { [N in DetailName]?: MemcageError[N] | undefined } & { cause?: unknown };

/**
 * Base class of memcage's errors, except for bad arguments, which are a TypeError or RangeError with a `code` and the name of the
 * `option`.
 */
export class MemcageError extends Error {
  /** Stable. docs/reference/errors.md has the cause and the remedy of each. */
  readonly code: ErrorCode;
  // `declare`: an unknown field must be absent, not undefined.
  /** The kernel's answer, negative as in Node's own system errors. */
  declare readonly errno?: number;
  /** The system call that failed, for example `openat2`. */
  declare readonly syscall?: string;
  /** The step of the child between clone and exec that failed. */
  declare readonly stage?: Stage;
  /** The file or directory that memcage worked on. */
  declare readonly path?: string;
  /** The option that could not be met, as you write it: `memory.max`, `namespaces.user`. Left out where it is about none. */
  declare readonly option?: string;
  /**
   * What helps, as a clause, often with a command: the end of the message, after `Cure:`. Left out where nothing is known
   * to help, where the message says it in other words, and where each of the `candidates` has its own.
   */
  declare readonly cure?: string;
  /** With `ERR_MEMCAGE_NO_PARENT`: the parents that memcage considered, each with the reason why it can't be used. */
  declare readonly candidates?: readonly ParentCandidate[];
  /**
   * With `ERR_MEMCAGE_AMBIGUOUS`: the paths of all cgroups that could be meant; the message has the first ones. With
   * `ERR_MEMCAGE_SEVERAL_COPIES`: the paths of the copies, starting with the one that you called. With `ERR_MEMCAGE_UNSUPPORTED`
   * of `limitsFromOci()`: the paths of the fields that nothing holds, as its option `ignore` takes them.
   */
  declare readonly paths?: readonly string[];
  /** The value that was written, when the kernel refused it. With `ERR_MEMCAGE_CGROUP_LIMIT`: the limit. */
  declare readonly value?: string;
  /**
   * Memory use of the cgroup in bytes, when the kernel refused it a limit. Left out if the cgroup has no account of
   * it.
   */
  declare readonly usageBytes?: number;
  /** The highest memory use so far, in bytes, under the same conditions. */
  declare readonly peakBytes?: number;
  /**
   * With `ERR_MEMCAGE_KERNEL_FORMAT`: the line of the kernel's text that is wrong, counted from 1. If a line is
   * missing, this is the last one, or 0 for an empty text.
   */
  declare readonly line?: number;
  /** @internal The message, where a program may have other words for some of it. */
  declare readonly words?: readonly (string | Mention)[];

  /** @internal */
  constructor(code: ErrorCode, message: Words, details: ErrorDetails = {}) {
    const { cause, ...known } = details;
    super(textOf(message), cause === undefined ? undefined : { cause });
    this.code = code;
    keepWords(this, message);
    for (const [name, value] of Object.entries({ ...known, cure: splitAtCure(message).cure })) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }
}

/**
 * @param what was closed
 * @param again how to get another
 */
export function closedError(what: string, again = 'make another'): MemcageError {
  return new MemcageError(ErrorCode.CLOSED, words`${what} is closed${CURE}${again}, or close it later`);
}

/** What an error says, and apart from that what helps. */
export function told(error: unknown): { detail: string; cure: string | undefined } {
  const { message, words = message } = error as Error & Pick<MemcageError, 'words'>;
  return splitAtCure(words);
}

/**
 * Base class of memcage's errors about a child, with what became of it. {@link run} rejects with one. It has this class itself where
 * there is none of its own: for a child that wrote more than `maxBuffer`, for example.
 */
export class RunError extends MemcageError {
  /**
   * What became of the child, and what it wrote. `stdout` and `stderr` are Buffers after `encoding: 'buffer'`. `memory` is `null`
   * of a child without a cage.
   */
  readonly outcome: Outcome<MemoryReport | null> & RunOutput;

  /** @internal */
  constructor(code: ErrorCode, message: Words, outcome: RunError['outcome'], details?: ErrorDetails) {
    super(code, message, details);
    this.outcome = outcome;
  }
}

/** The child was ended at a limit. */
export class LimitError extends RunError {
  /**
   * The limit:
   * - `memory`: that of a cgroup, or the memory of the machine ({@link MemoryLimitError}). `outcome.oom` says whose.
   * - `heap`: most likely that of the JavaScript heap, `outcome.nodeHeap`, which memcage derived from the cage's limit ({@link
   *   MemoryLimitError}).
   * - `stall`: how long the cage, or one around it, may get nowhere because of memory. `outcome.stalled` has the figures.
   * - `cpuTime`: the processor time of the cage or of one around it. `outcome.limits` has its figures.
   * - `rlimits.cpu`, `rlimits.fsize`: that of one process, by the signal that the kernel sends at it (SIGXCPU, SIGXFSZ),
   *   whoever has set the limit.
   */
  readonly limit: 'memory' | 'heap' | 'stall' | 'cpuTime' | 'rlimits.cpu' | 'rlimits.fsize';

  /** @internal */
  constructor(
    message: Words,
    outcome: RunError['outcome'],
    limit: LimitError['limit'],
    code: ErrorCode = ErrorCode.LIMIT,
  ) {
    super(code, message, outcome);
    // Node shows an uncaught error without asking it how: the message says with units what the outcome's bytes say without.
    Object.defineProperty(this, 'outcome', { get: () => outcome, enumerable: true, configurable: true });
    this.limit = limit;
  }

  /** @internal For `console.log()`, which shows the outcome. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { outcome, stack } = this;
    // An error, and not only an object with its prototype, also where Node's own Error is of another realm.
    const shown: unknown = Object.defineProperties(
      Object.setPrototypeOf(new Error(), Object.getPrototypeOf(this) as object),
      {
        ...Object.getOwnPropertyDescriptors(this),
        stack: { value: stack },
        outcome: { value: outcome, enumerable: true },
        [inspect.custom]: { value: undefined },
      },
    );
    return inspect(shown, options);
  }
}

/** The kernel killed the child, or a process of its cage, for memory; or V8 ended it at the limit of its heap. */
export class MemoryLimitError extends LimitError {
  declare readonly limit: 'memory' | 'heap';
  declare readonly outcome: Outcome & RunOutput;

  /** @internal */
  constructor(message: Words, outcome: MemoryLimitError['outcome'], limit: MemoryLimitError['limit']) {
    super(message, outcome, limit, ErrorCode.MEMORY_LIMIT);
  }
}

/** The child ended with a non-zero exit code or by a signal, and at no limit that can be told. */
export class ExitError extends RunError {
  /** @internal */
  constructor(message: string, outcome: RunError['outcome']) {
    super(ErrorCode.EXIT, message, outcome);
  }
}

/** The child was killed because its `timeout` expired. */
export class TimeoutError extends RunError {
  /** @internal */
  constructor(message: string, outcome: RunError['outcome']) {
    super(ErrorCode.TIMEOUT, message, outcome);
  }
}

/**
 * A call was aborted. The error has the form of Node's own: `name` is 'AbortError', `code` 'ABORT_ERR', `cause` the signal's reason. Not a {@link
 * MemcageError}.
 */
export class AbortError extends Error {
  /** Always 'ABORT_ERR'. */
  readonly code = 'ABORT_ERR';
  /** What became of the child of {@link run}. Left out by functions without a child, such as `cgroup.watch()`. */
  declare readonly outcome?: RunError['outcome'];

  /** @internal */
  constructor(reason: unknown, outcome?: RunError['outcome']) {
    super('The operation was aborted', reason === undefined ? undefined : { cause: reason });
    if (outcome !== undefined) Object.defineProperty(this, 'outcome', { value: outcome, enumerable: true });
  }
}

// On the prototypes, as in Node's and the language's own errors: Node would print an own `name` with every error.
const NAMED = { MemcageError, RunError, LimitError, MemoryLimitError, ExitError, TimeoutError, AbortError };
for (const [name, type] of Object.entries(NAMED)) {
  Object.defineProperty(type.prototype, 'name', { value: name, writable: true, configurable: true });
}

import type { Stage } from '../../types/native';
import type { Outcome } from '../../types/outcome';
import type { ParentCandidate } from '../../types/parent';

import { ErrorCode } from './error-codes';

export { invalidArgument, invalidSize, limitTooSmall, outOfRange } from './argument-errors';
export { ErrorCode } from './error-codes';

/** What is known when the kernel refused. */
export interface ErrorDetails {
  /** Negative, as in Node's own system errors. */
  errno?: number | undefined;
  /** For example `openat2`. */
  syscall?: string | undefined;
  /** The step of the child, between clone and exec, that failed. */
  stage?: Stage | undefined;
  /** The file or directory that was worked on. */
  path?: string | undefined;
  /** Places for cages that were considered, with the reason why each can't be used. */
  candidates?: readonly ParentCandidate[] | undefined;
  /** Paths of all cgroups that could be meant. */
  paths?: readonly string[] | undefined;
  /** What was written. */
  value?: string | undefined;
  /** Use of the cgroup, now and at its peak, in bytes, when the kernel refused it a limit. */
  usageBytes?: number | undefined;
  peakBytes?: number | undefined;
  /** The line of a kernel's text that is not what it should be, from 1 on. */
  line?: number | undefined;
  cause?: unknown;
}

/** Base of memcage's errors, save for bad arguments, which are TypeError and RangeError with a `code`. */
export class MemcageError extends Error {
  /** Stable, see docs/errors.md for cause and remedy of each. */
  readonly code: ErrorCode;
  // `declare`: a field that is not known must be absent, not undefined.
  /** What the kernel answered: negative, as in Node's own system errors. */
  declare readonly errno?: number;
  /** The system call that failed, for example `openat2`. */
  declare readonly syscall?: string;
  /** The step of the child, between clone and exec, that failed. */
  declare readonly stage?: Stage;
  /** The file or directory that was worked on. */
  declare readonly path?: string;
  /** With `ERR_MEMCAGE_NO_PARENT`: the places for cages that were considered, with the reason why each can't be used. */
  declare readonly candidates?: readonly ParentCandidate[];
  /**
   * With `ERR_MEMCAGE_AMBIGUOUS`: the paths of all cgroups that could be meant, of which the message has the first. With
   * `ERR_MEMCAGE_SEVERAL_COPIES`: those of the copies, the one that was called first.
   */
  declare readonly paths?: readonly string[];
  /** What was written, when the kernel refused it. */
  declare readonly value?: string;
  /** Use of the cgroup, in bytes, when the kernel refused it a limit; left out where the cgroup has no account of it. */
  declare readonly usageBytes?: number;
  /** The highest use so far, likewise. */
  declare readonly peakBytes?: number;
  /**
   * With `ERR_MEMCAGE_KERNEL_FORMAT`: the line of the kernel's text that is not what it should be, from 1 on; where one is
   * missing, the last line, 0 for an empty text.
   */
  declare readonly line?: number;

  /** @internal */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...known } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }
}

/** What became of the child is in `outcome`. */
abstract class OutcomeError extends MemcageError {
  /** What became of the child; from {@link run} with its `stdout` and `stderr`. */
  readonly outcome: Outcome;

  /** @internal */
  constructor(code: ErrorCode, message: string, outcome: Outcome) {
    super(code, message);
    this.outcome = outcome;
  }
}

/** The kernel killed the child, or a process of its cage, for memory; or V8 has ended it at its heap's limit. */
export class MemoryLimitError extends OutcomeError {
  /**
   * What was exceeded:
   * - `cgroup`: the limit of a cgroup, or the memory of the machine; `outcome.oom` says whose.
   * - `heap`: most likely the limit of the JavaScript heap that memcage has derived from the cage's, `outcome.nodeHeap`.
   */
  readonly limit: 'cgroup' | 'heap';

  /** @internal */
  constructor(message: string, outcome: Outcome, limit: 'cgroup' | 'heap') {
    super(ErrorCode.MEMORY_LIMIT, message, outcome);
    this.limit = limit;
  }
}

/** The child ended with a non-zero code or by a signal, and not for memory. */
export class ExitError extends OutcomeError {
  /** @internal */
  constructor(message: string, outcome: Outcome) {
    super(ErrorCode.EXIT, message, outcome);
  }
}

/** The child was killed because its `timeout` was over. */
export class TimeoutError extends OutcomeError {
  /** @internal */
  constructor(message: string, outcome: Outcome) {
    super(ErrorCode.TIMEOUT, message, outcome);
  }
}

/** As Node's own: `name` 'AbortError', `code` 'ABORT_ERR', `cause` the signal's reason. Not a {@link MemcageError}. */
export class AbortError extends Error {
  /** The same for every one. */
  readonly code = 'ABORT_ERR';
  /** What became of the child of {@link run}; left out by what has no child, such as `cgroup.watch()`. */
  declare readonly outcome?: Outcome;

  /** @internal */
  constructor(reason: unknown, outcome?: Outcome) {
    super('The operation was aborted', reason === undefined ? undefined : { cause: reason });
    if (outcome !== undefined) Object.defineProperty(this, 'outcome', { value: outcome, enumerable: true });
  }
}

// On the prototypes, as in Node's and the language's own errors: an own `name` would be printed with every error.
for (const [name, type] of Object.entries({ MemcageError, MemoryLimitError, ExitError, TimeoutError, AbortError })) {
  Object.defineProperty(type.prototype, 'name', { value: name, writable: true, configurable: true });
}

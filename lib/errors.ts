import type { Stage } from '../types/native';
import type { Outcome } from '../types/outcome';
import type { ParentCandidate } from '../types/parent';

export { invalidArgument, invalidSize, limitTooSmall, outOfRange } from './argument-errors';

/** Every code of an error that memcage makes. Codes are stable, messages are not. */
export const ErrorCode = {
  /** An option, or another argument, has the wrong type or value. */
  INVALID_ARGUMENT: 'ERR_MEMCAGE_INVALID_ARGUMENT',
  /** An option has a name that neither memcage nor Node's function knows. */
  UNKNOWN_OPTION: 'ERR_MEMCAGE_UNKNOWN_OPTION',
  /** Not a size; see `Size`. */
  INVALID_SIZE: 'ERR_MEMCAGE_INVALID_SIZE',
  /** Less than a page, or too little for a program to be loaded. */
  LIMIT_TOO_SMALL: 'ERR_MEMCAGE_LIMIT_TOO_SMALL',
  /** The kernel refused a limit because more than that is in use and can't be reclaimed (EBUSY). */
  LIMIT_REFUSED: 'ERR_MEMCAGE_LIMIT_REFUSED',
  /** The kernel refused a value that is not a limit's. */
  VALUE_REFUSED: 'ERR_MEMCAGE_VALUE_REFUSED',
  /** The file can't be written, or nothing of what is written stays. */
  READ_ONLY: 'ERR_MEMCAGE_READ_ONLY',
  /** The file can't be read. */
  WRITE_ONLY: 'ERR_MEMCAGE_WRITE_ONLY',
  /** The platform, the kernel or its configuration lacks what is needed. */
  UNSUPPORTED: 'ERR_MEMCAGE_UNSUPPORTED',
  /** Node's internals, or what another package has done to them, don't let memcage put the child in its cage. */
  UNSUPPORTED_NODE: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
  /** This cgroup version has no such file; the other one has. */
  NOT_IN_VERSION: 'ERR_MEMCAGE_NOT_IN_VERSION',
  /** The kernel does not account swap per cgroup (swapaccount=0, CONFIG_SWAP). */
  NO_SWAP_ACCOUNTING: 'ERR_MEMCAGE_NO_SWAP_ACCOUNTING',
  /** No cgroup is there below which a cage may be created. */
  NO_PARENT: 'ERR_MEMCAGE_NO_PARENT',
  /** The kernel wants more rights on a cgroup (EACCES, EPERM), or its file system is read-only (EROFS). */
  NO_PERMISSION: 'ERR_MEMCAGE_NO_PERMISSION',
  /** The cgroup was removed under a live handle. */
  CGROUP_GONE: 'ERR_MEMCAGE_CGROUP_GONE',
  /** The cgroup is outside of this process's cgroup namespace, or of what is mounted here. */
  NOT_VISIBLE: 'ERR_MEMCAGE_NOT_VISIBLE',
  /** More than one cgroup has the name or the id that was asked for. */
  AMBIGUOUS: 'ERR_MEMCAGE_AMBIGUOUS',
  /** There is a cgroup of that name already. */
  CGROUP_EXISTS: 'ERR_MEMCAGE_CGROUP_EXISTS',
  /** Starting a child in a frozen cgroup would freeze the caller with it. */
  FROZEN: 'ERR_MEMCAGE_FROZEN',
  /** Processes are left in a cgroup, or do not stop, within the time that memcage waits for them. */
  BUSY: 'ERR_MEMCAGE_BUSY',
  /** The process that ends the cages when this one is killed could not be started. */
  GUARDIAN: 'ERR_MEMCAGE_GUARDIAN',
  /** The kernel refused a namespace, or something in it. */
  NAMESPACE: 'ERR_MEMCAGE_NAMESPACE',
  /** No more namespaces of a kind, or no user namespaces within each other. */
  NAMESPACE_LIMIT: 'ERR_MEMCAGE_NAMESPACE_LIMIT',
  /** The system does not let this user, or this process, have a user namespace. */
  USER_NAMESPACE: 'ERR_MEMCAGE_USER_NAMESPACE',
  /** newuidmap or newgidmap is not installed. */
  NO_NEWUIDMAP: 'ERR_MEMCAGE_NO_NEWUIDMAP',
  /** /etc/subuid or /etc/subgid has no range for the caller. */
  NO_SUBORDINATE_IDS: 'ERR_MEMCAGE_NO_SUBORDINATE_IDS',
  /** newuidmap or newgidmap did not map the ids. */
  ID_MAP_REFUSED: 'ERR_MEMCAGE_ID_MAP_REFUSED',
  /** The child could not be started. */
  SPAWN: 'ERR_MEMCAGE_SPAWN',
  /** Called within `contain()` of another copy of memcage. */
  SEVERAL_COPIES: 'ERR_MEMCAGE_SEVERAL_COPIES',
  /** The child was killed for memory. */
  MEMORY_LIMIT: 'ERR_MEMCAGE_MEMORY_LIMIT',
  /** The child ended with a non-zero code or by a signal. */
  EXIT: 'ERR_MEMCAGE_EXIT',
  /** The child was killed because its `timeout` was over. */
  TIMEOUT: 'ERR_MEMCAGE_TIMEOUT',
  /** The child wrote more than `maxBuffer`. */
  MAX_BUFFER: 'ERR_MEMCAGE_MAX_BUFFER',
  /** The cage or the handle is closed. */
  CLOSED: 'ERR_MEMCAGE_CLOSED',
  /** The system call would break Node's other threads. */
  UNSAFE_THREAD: 'ERR_MEMCAGE_UNSAFE_THREAD',
  /** A package is not installed that is needed by what was imported. */
  NO_PACKAGE: 'ERR_MEMCAGE_NO_PACKAGE',
  /** A kernel file holds something that memcage can't read. */
  KERNEL_FORMAT: 'ERR_MEMCAGE_KERNEL_FORMAT',
} as const;

/** See the constant of the same name. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

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

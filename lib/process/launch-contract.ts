import type { Attended } from '../../types/native';
import type { StdioEntry } from './stdio';

/**
 * What {@link ProcessHandle} needs from the layer below: start one child from a finished description, and say when it has
 * ended. By now nothing of Node's `child_process` is left; cgroups and namespaces come later.
 */

/**
 * A child as Node's options describe it, with all defaults applied. What Node can leave out is its own all the same, if
 * undefined: else it would have what somebody has added to Object.prototype.
 */
export interface Program {
  file: string;
  /** argv, including `argv[0]`. */
  args: string[];
  /** The environment as `KEY=value`. */
  env: string[];
  /** Default: the parent's. */
  cwd?: string | undefined;
  /**
   * `stdio[n]` is the parent's fd that becomes fd n of the child; -1 means "ignore". The fds stay open after the
   * launch.
   */
  stdio: number[];
  detached: boolean;
  uid?: number | undefined;
  gid?: number | undefined;
}

/** Why there is no child. */
export interface Refused {
  /** From which Node makes its error. */
  errno: number;
  /** Which system call it was, where that is none of those for which Node has this error. */
  cause?: Error;
}

/** A running child. */
export interface Launched {
  pid: number;
  /** Returns 0 or a negative errno; -ESRCH once the child has been reaped. */
  kill(signal: number): number;
}

/** What there is to say of an errno at the end of a child. */
interface EndError {
  /** What the caller is to get instead of Node's error for that errno. */
  instead?: Error | undefined;
  /** The cause of Node's error. */
  cause?: Error | undefined;
}

/**
 * Called after the child was reaped. `errno` is 0, or a negative errno if its status could not be read (another
 * reaper took it), or if it never became its program; the other two are null then.
 */
export type OnEnd = (exitCode: number | null, signal: NodeJS.Signals | null, errno: number, error?: EndError) => void;

/**
 * Starts a child. A refusal that Node's callers know (ENOENT, EACCES, ...) is returned as a negative errno, and
 * leaves no child; anything else (the kernel refused the cage) is thrown. `onEnd` is called once, never before
 * `Launch` has returned, and never after a refusal.
 */
export type Launch = (program: Program, onEnd: OnEnd) => Launched | Refused;

/** A child that has been waited for. `exitCode`, `signal` and `errno` are as for {@link OnEnd}. */
export interface Ended {
  pid: number;
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  errno: number;
}

/**
 * Starts a child and returns when it has ended. Calls `waitWithPipes` while the child runs; that returns after the
 * child was reaped. Refusals are as for {@link Launch}.
 */
export type SyncLaunch = (program: Program, waitWithPipes: (pidfd: number) => Attended) => Ended | Refused;

/** The options of a call of `ChildProcess.prototype.spawn`, after that has replaced `stdio` in them. */
export interface NodeSpawnOptions {
  file: string;
  args?: readonly unknown[] | undefined;
  cwd?: unknown;
  envPairs?: readonly unknown[] | undefined;
  stdio: readonly StdioEntry[];
  detached?: boolean | undefined;
  uid?: number | null | undefined;
  gid?: number | null | undefined;
  serialization?: string | undefined;
}

/** A {@link NodeSpawnOptions} before Node has replaced `stdio` in it. */
export type EarlyRequest = Omit<NodeSpawnOptions, 'stdio'>;

/** Whether Node's call has the form that memcage can work with. */
export function isSpawnRequest({ file, args, envPairs }: EarlyRequest): boolean {
  return typeof file === 'string' && Array.isArray(args) && Array.isArray(envPairs);
}

/**
 * Reads the options as ProcessWrap::Spawn and SyncProcessRunner do: cwd, uid and gid of other types count as absent,
 * and arguments become strings.
 */
export function programOf(request: EarlyRequest, toText = text): Omit<Program, 'stdio'> {
  const { file, args, cwd, envPairs, detached, uid, gid } = request;
  return {
    file,
    args: args === undefined ? [file] : args.map(toText),
    env: Array.isArray(envPairs) ? envPairs.map(toText) : ownEnvironment(),
    detached: detached === true,
    cwd: typeof cwd === 'string' && cwd !== '' ? cwd : undefined,
    // A negative id wraps around to 2^32 minus its value. -1 becomes a number that is no id, and setuid(2) refuses
    // it.
    uid: typeof uid === 'number' ? uid >>> 0 : undefined,
    gid: typeof gid === 'number' ? gid >>> 0 : undefined,
  };
}

function text(value: unknown): string {
  return `${value as string}`;
}

/** Since Node 22, ProcessWrap::Spawn takes a value that can't be a string, such as a symbol, for an empty one. */
export function textOrEmpty(value: unknown): string {
  if (typeof value === 'string' || MAJOR < 22) return text(value);
  try {
    return text(value);
  } catch {
    return '';
  }
}

const MAJOR = Number.parseInt(process.versions.node, 10);

function ownEnvironment(): string[] {
  return Object.entries(process.env).map(([key, value]) => `${key}=${value}`);
}

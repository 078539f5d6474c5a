import type { ExecException, ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';
import type { Enforce } from '../../../types/options';
import type {
  AnyChild,
  Args,
  CagedChild,
  CagedExecFileOptions,
  CagedExecOptions,
  CgroupFor,
  ExecFileOptions,
  ExecOptions,
} from '../../cage/contract/cage';
import type { OutputCallback, TextEncoding, TextIn } from '../../cage/contract/child-output';
import type { Cgroup } from '../../cgroup/handle/cgroup';
import { type Called, strict } from '../../common/options/accepted-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';

/** Result of the promisified functions. A rejection has the outcome of a child that has ended as `outcome`. */
type PromiseWithChild<T, C = AnyChild> = Promise<{ stdout: TextIn<T>; stderr: TextIn<T> }> & { child: C };

/** `exec`, with its version for util.promisify(). */
export interface PromisifiableExec {
  /** Run a command line in a cage. */
  <const T extends TextEncoding = 'utf8', const E extends Enforce = 'kernel', G extends Cgroup | null = CgroupFor<E>>(
    command: string,
    options: CagedExecOptions<T, E, G>,
    callback?: OutputCallback<ExecException, T>,
  ): CagedChild<G>;
  /** Run a command line: in a cage only within {@link SharedCage.contain}. */
  <const T extends TextEncoding = 'utf8'>(
    command: string,
    options: ExecOptions<T> | null | undefined,
    callback?: OutputCallback<ExecException, T>,
  ): AnyChild;
  /** Run a command line: in a cage only within {@link SharedCage.contain}. */
  (command: string, callback?: OutputCallback<ExecException, 'utf8'>): AnyChild;
  /** For util.promisify(). */
  readonly [promisify.custom]: {
    <const T extends TextEncoding = 'utf8'>(
      command: string,
      options: CagedExecOptions<T>,
    ): PromiseWithChild<T, CagedChild>;
    <const T extends TextEncoding = 'utf8'>(command: string, options?: ExecOptions<T> | null): PromiseWithChild<T>;
  };
}

/** `execFile`, with its version for util.promisify(). */
export interface PromisifiableExecFile {
  /** Run a program in a cage. */
  <const T extends TextEncoding = 'utf8', const E extends Enforce = 'kernel', G extends Cgroup | null = CgroupFor<E>>(
    file: string,
    options: CagedExecFileOptions<T, E, G>,
    callback?: OutputCallback<ExecFileException, T>,
  ): CagedChild<G>;
  /** Run a program in a cage. */
  <const T extends TextEncoding = 'utf8', const E extends Enforce = 'kernel', G extends Cgroup | null = CgroupFor<E>>(
    file: string,
    args: Args,
    options: CagedExecFileOptions<T, E, G>,
    callback?: OutputCallback<ExecFileException, T>,
  ): CagedChild<G>;
  /** Run a program: in a cage only within {@link SharedCage.contain}. */
  <const T extends TextEncoding = 'utf8'>(
    file: string,
    args: Args,
    options: ExecFileOptions<T> | null | undefined,
    callback?: OutputCallback<ExecFileException, T>,
  ): AnyChild;
  /** Run a program: in a cage only within {@link SharedCage.contain}. */
  <const T extends TextEncoding = 'utf8'>(
    file: string,
    options: ExecFileOptions<T>,
    callback?: OutputCallback<ExecFileException, T>,
  ): AnyChild;
  /** Run a program: in a cage only within {@link SharedCage.contain}. */
  (file: string, args: Args, callback?: OutputCallback<ExecFileException, 'utf8'>): AnyChild;
  /** Run a program: in a cage only within {@link SharedCage.contain}. */
  (file: string, callback?: OutputCallback<ExecFileException, 'utf8'>): AnyChild;
  /** For util.promisify(). */
  readonly [promisify.custom]: {
    <const T extends TextEncoding = 'utf8'>(
      file: string,
      args: Args,
      options: CagedExecFileOptions<T>,
    ): PromiseWithChild<T, CagedChild>;
    <const T extends TextEncoding = 'utf8'>(
      file: string,
      options: CagedExecFileOptions<T>,
    ): PromiseWithChild<T, CagedChild>;
    <const T extends TextEncoding = 'utf8'>(file: string, options?: ExecFileOptions<T>): PromiseWithChild<T>;
    <const T extends TextEncoding = 'utf8'>(
      file: string,
      args: Args,
      options?: ExecFileOptions<T> | null,
    ): PromiseWithChild<T>;
  };
}

/**
 * Like Node's `child_process.exec`, which runs it: a command line for a shell, whose output is collected. The shell
 * and everything that it starts are in the cage. See {@link spawn} for the cage, the errors and the differences from
 * Node.
 *
 * ```js run
 * import { promisify } from 'node:util';
 * import { exec } from 'memcage';
 *
 * const { stdout } = await promisify(exec)('echo a | tr a b', { memory: '50M' });
 * console.log(stdout.trim());
 * ```
 *
 * ```text output
 * b
 * ```
 *
 * @function
 */
export const exec = collecting('exec', strict('exec', 'exec')) as PromisifiableExec;

/**
 * Like Node's `child_process.execFile`, which runs it: a program whose output is collected. See {@link spawn} for the
 * cage, the errors and the differences from Node.
 *
 * ```js run
 * import { promisify } from 'node:util';
 * import { execFile } from 'memcage';
 *
 * const { stdout } = await promisify(execFile)('echo', ['hello'], { memory: '50M' });
 * console.log(stdout.trim());
 * ```
 *
 * ```text output
 * hello
 * ```
 *
 * @function
 */
export const execFile = collecting('execFile', strict('execFile', 'execFile')) as PromisifiableExecFile;

/**
 * Adds what util.promisify looks for. As on Node's own functions, it is not enumerable, and Node's version runs it.
 */
export function collecting(name: 'exec' | 'execFile', called: Called): unknown {
  const call = likeNodes(name, (...args: unknown[]): unknown => callNode(name, args, called));
  const promise = `${name} promise` as const;
  return Object.defineProperty(call, promisify.custom, {
    value: likeNodes(promise, (...args: unknown[]) => {
      const result = callNode(promise, args, called) as PromiseWithChild<'utf8'>;
      const { child } = result;
      return Object.assign(withOutcome(result, child), { child });
    }),
  });
}

async function withOutcome<T>(result: Promise<T>, child: AnyChild): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const { pid, exitCode, signalCode } = child;
    // An abort rejects at once, as Node's does, whenever the child will end.
    if (pid !== undefined && exitCode === null && signalCode === null) throw error;
    throw Object.assign(error as Error, { outcome: await child.outcome });
  }
}

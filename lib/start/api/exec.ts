import { promisify } from 'node:util';
import type { Child, Exec, ExecFile, ExecFileOptions, ExecOptions, TextBy } from '../../cage/contract/cage';
import { type Called, strict } from '../../common/options/accepted-options';
import type { Exactly } from '../../common/options/exact-options';
import { likeNodes } from '../../process/node-functions';
import { callNode } from '../launch/start-call';

/** Result of the promisified functions. A rejection has the outcome of a child that has ended as `outcome`. */
type PromiseWithChild<O> = Promise<{ stdout: TextBy<O>; stderr: TextBy<O> }> & { child: Child<O> };

/** `exec`, with its version for util.promisify(). */
export interface PromisifiableExec extends Exec<ExecOptions> {
  /** For util.promisify(). */
  readonly [promisify.custom]: <const O extends ExecOptions = object>(
    command: string,
    options?: (O & Exactly<O, ExecOptions>) | null,
  ) => PromiseWithChild<O>;
}

/** `execFile`, with its version for util.promisify(). */
export interface PromisifiableExecFile extends ExecFile<ExecFileOptions> {
  /** For util.promisify(). */
  readonly [promisify.custom]: {
    <const O extends ExecFileOptions = object>(
      file: string,
      options?: O & Exactly<O, ExecFileOptions>,
    ): PromiseWithChild<O>;
    <const O extends ExecFileOptions = object>(
      file: string,
      args: readonly string[] | null | undefined,
      options?: (O & Exactly<O, ExecFileOptions>) | null,
    ): PromiseWithChild<O>;
  };
}

/**
 * Like Node's `child_process.exec`, which runs it: a command line for a shell, whose output is collected. The shell
 * and everything that it starts are in the cage. See {@link spawn} for the cage, the errors and the differences from
 * Node.
 *
 * @function
 */
export const exec = collecting('exec', strict('exec', 'exec')) as PromisifiableExec;

/**
 * Like Node's `child_process.execFile`, which runs it: a program whose output is collected. See {@link spawn} for the
 * cage, the errors and the differences from Node.
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
      const result = callNode(promise, args, called) as PromiseWithChild<object>;
      const { child } = result;
      return Object.assign(withOutcome(result, child), { child });
    }),
  });
}

async function withOutcome<T>(result: Promise<T>, child: Child<object>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const { pid, exitCode, signalCode } = child;
    // An abort rejects at once, as Node's does, whenever the child will end.
    if (pid !== undefined && exitCode === null && signalCode === null) throw error;
    throw Object.assign(error as Error, { outcome: await child.outcome });
  }
}
